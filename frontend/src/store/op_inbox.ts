/**
 * Ops that the server has accepted, brought into its order before they are applied.
 *
 * They come twice and out of order: from the stream, and as answers to what we sent. While an edit
 * is open they wait.
 */

import { fromBase64, type LayerApi } from "../api/layers";
import type { Listening } from "../api/sse";
import type { OpJson, OpResultJson } from "../api/types";
import { decodeEdit } from "../labels/codec";
import { gunzip } from "../labels/gzip";
import type { Edit } from "../labels/runs";
import type { ConfirmedOp } from "./replica";

export interface InboxOptions {
  readonly api: LayerApi;
  readonly layerId: string;
  readonly t: number;
  readonly z: number;
  /** Newest op applied here. */
  readonly seq: () => number;
  readonly apply: (op: ConfirmedOp, json: OpJson | null) => void;
  readonly onInstances: () => void;
  /** An edit of our own that comes back whole is the same object. */
  readonly ownEdit: (session: string, n: number) => Edit | undefined;
}

interface Letter {
  readonly op: ConfirmedOp;
  readonly json: OpJson | null;
}

const GAP_WAIT_MS = 1500;
const POLL_MS = 5000;

export class OpInbox {
  private readonly options: InboxOptions;
  private readonly letters = new Map<number, Letter>();
  private listening: Listening | null = null;
  private isHeld = false;
  private isClosed = false;
  private isStreaming = false;
  private catchingUp: Promise<void> | null = null;
  private gapTimer: ReturnType<typeof setTimeout> | undefined;
  private pollTimer: ReturnType<typeof setInterval> | undefined;
  private decoding: Promise<void> = Promise.resolve();

  constructor(options: InboxOptions) {
    this.options = options;
  }

  start(): void {
    const { api, layerId, seq, onInstances } = this.options;
    this.listening = api.events(layerId, seq, {
      onOp: (json) => this.receive(json),
      onInstances,
      onResync: () => this.catchUp(),
      onOpen: () => {
        this.isStreaming = true;
      },
      onBroken: () => {
        this.isStreaming = false;
      },
    });
    // A proxy may swallow the stream without breaking it off; asking costs little.
    this.pollTimer = setInterval(() => {
      if (!this.isStreaming) void this.catchUp();
    }, POLL_MS);
  }

  close(): void {
    this.isClosed = true;
    this.listening?.close();
    clearTimeout(this.gapTimer);
    clearInterval(this.pollTimer);
  }

  restart(): void {
    this.listening?.restart();
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    this.deliver();
  }

  get hasWaiting(): boolean {
    return this.letters.has(this.options.seq() + 1);
  }

  /** An answer to an op of ours. `edit` is what of it was accepted. */
  answered(session: string, result: OpResultJson, edit: Edit): void {
    if (result.seq > this.options.seq() && !this.letters.has(result.seq)) {
      const op = { seq: result.seq, session, n: result.n, edit };
      this.letters.set(result.seq, { op, json: null });
    }
    this.deliver();
  }

  /** An op from the stream or the list; unpacking keeps their order. */
  receive(json: OpJson): Promise<void> {
    this.decoding = this.decoding.then(() => this.take(json)).catch(() => this.catchUpLater());
    return this.decoding;
  }

  private async take(json: OpJson): Promise<void> {
    if (this.isClosed || json.seq <= this.options.seq() || this.letters.has(json.seq)) return;
    const edit = await this.editOf(json);
    const { t, z } = this.options;
    const elsewhere = json.t === t && json.z === z ? {} : { elsewhere: { t: json.t, z: json.z } };
    const op = { seq: json.seq, session: json.session, n: json.n, edit, ...elsewhere };
    if (!this.letters.has(json.seq)) this.letters.set(json.seq, { op, json });
    this.deliver();
  }

  private async editOf(json: OpJson): Promise<Edit> {
    if (json.n_refused === 0) {
      const own = this.options.ownEdit(json.session, json.n);
      if (own) return own;
    }
    return decodeEdit(await gunzip(fromBase64(json.body)));
  }

  private deliver(): void {
    if (this.isHeld || this.isClosed) return;
    for (const seq of this.letters.keys()) {
      if (seq <= this.options.seq()) this.letters.delete(seq);
    }
    for (;;) {
      const next = this.options.seq() + 1;
      const letter = this.letters.get(next);
      if (!letter) break;
      this.letters.delete(next);
      this.options.apply(letter.op, letter.json);
    }
    if (this.letters.size > 0) this.catchUpLater();
  }

  /** An op is missing before one that we have: ask for it unless it comes by itself. */
  private catchUpLater(): void {
    // Not started anew by every op that arrives: a busy layer would never ask.
    if (this.isClosed || this.gapTimer !== undefined) return;
    this.gapTimer = setTimeout(() => {
      this.gapTimer = undefined;
      void this.catchUp();
    }, GAP_WAIT_MS);
  }

  /** Read all ops after the newest known one. */
  catchUp(): Promise<void> {
    this.catchingUp ??= this.readMissing().finally(() => {
      this.catchingUp = null;
    });
    return this.catchingUp;
  }

  private async readMissing(): Promise<void> {
    const { api, layerId, seq } = this.options;
    let after = seq();
    try {
      while (!this.isClosed) {
        const ops = await api.opsAfter(layerId, after);
        for (const op of ops) {
          await this.receive(op);
          after = Math.max(after, op.seq);
        }
        if (ops.length === 0) return;
      }
    } catch {
      // The next event, poll or answer tries again; the save state tells of the network.
    }
  }
}
