/**
 * Sends journal rows to the server: in order, one request in flight, for ever.
 *
 * Nothing is dropped: what fails stays in the journal and is tried again. Only a row that the
 * server refuses as such is set aside (kept too), since it would block all later ones.
 */

import { ApiError, NetworkError, OTHER_ACCOUNT } from "../api/client";
import type { LayerApi } from "../api/layers";
import type { OpResultJson } from "../api/types";
import * as texts from "../texts";
import type { DecisionRow, Journal, OpRow, Row } from "./journal";
import { Cell } from "./observable";
import type { SaveState, SaveStatus } from "./saving_types";

const MAX_OPS = 64;
const MAX_BYTES = 256 * 1024;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 30_000;
const TOO_LARGE = 413;
const SIGN_IN = texts.saving.signInAgain;

export interface QueueOptions {
  readonly api: LayerApi;
  readonly journal: Journal;
  readonly onAnswer: (row: OpRow, result: OpResultJson) => void;
  readonly onDecided: (row: DecisionRow) => void;
  readonly onSetAside: (row: Row, error: ApiError) => void;
  /** Make an op that is too large several, in the journal too; null when it cannot be cut. */
  readonly cut: (row: OpRow) => Promise<OpRow[] | null>;
  readonly random?: () => number;
  /** Test seam: run after that many milliseconds; returns how to stop it. */
  readonly later?: (ms: number, run: () => void) => () => void;
}

export class SaveQueue {
  readonly state: Cell<SaveState>;
  private readonly options: QueueOptions;
  private readonly rows: Row[] = [];
  // Painted, but still being packed and journalled: not in `rows` yet, and not saved.
  private coming = 0;
  private isSending = false;
  private isClosed = false;
  private wait = FIRST_WAIT_MS;
  private stopWaiting: (() => void) | null = null;
  private batchLimit = MAX_OPS;
  private isJournalled: boolean;
  private status: SaveStatus = "saved";
  private sentence: string | null = null;
  private idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.options = options;
    this.isJournalled = options.journal.isDurable;
    this.state = new Cell<SaveState>({
      state: this.isJournalled ? "saved" : "storage-blocked",
      queued: 0,
      online: true,
      lastError: null,
      isJournalled: this.isJournalled,
    });
  }

  get waiting(): readonly Row[] {
    return this.rows;
  }

  /** Something was painted and is not saved from now on; hand over its row when it is journalled. */
  expect(): (row: Row) => void {
    this.coming++;
    this.showUnsaved();
    return (row) => {
      this.coming--;
      this.push(row);
    };
  }

  push(row: Row): void {
    this.rows.push(row);
    this.showUnsaved();
    if (!this.stopWaiting) void this.drain();
  }

  /** Only an answer of the server ends a trouble, not one more stroke. */
  private showUnsaved(): void {
    this.show(this.status === "saved" ? "saving" : this.status, this.sentence);
  }

  /** The journal could not be written: say so, and rely on the network. */
  storageFailed(): void {
    this.isJournalled = false;
    this.show(this.status, this.sentence);
  }

  /** Try at once instead of waiting out the pause. */
  kick(): void {
    this.wait = FIRST_WAIT_MS;
    this.stopWaiting?.();
    this.stopWaiting = null;
    void this.drain();
  }

  /** Resolves when nothing is left to send. */
  flush(): Promise<void> {
    if (this.rows.length === 0 && !this.isSending) return Promise.resolve();
    return new Promise((done) => {
      this.idle.push(done);
      this.kick();
    });
  }

  close(): void {
    this.isClosed = true;
    this.stopWaiting?.();
  }

  private async drain(): Promise<void> {
    if (this.isSending || this.isClosed) return;
    this.isSending = true;
    while (this.rows.length > 0 && !this.isClosed) {
      const batch = this.nextBatch();
      try {
        await this.send(batch);
        this.wait = FIRST_WAIT_MS;
        this.batchLimit = Math.min(MAX_OPS, this.batchLimit * 2);
        this.show("saving", null);
      } catch (error) {
        if (!(await this.recover(batch, error))) break;
      }
    }
    this.isSending = false;
    if (this.rows.length > 0) return;
    this.show(this.coming > 0 ? "saving" : "saved", null);
    for (const done of this.idle.splice(0)) done();
  }

  /** Rows at the head that fit into one request: one layer, one session, one type. */
  private nextBatch(): Row[] {
    const head = this.rows[0] as Row;
    if (head.type === "decision") return [head];
    const batch: Row[] = [];
    let bytes = 0;
    for (const row of this.rows) {
      if (row.type !== "op" || row.layer !== head.layer || row.session !== head.session) break;
      // A part of one that was cut may stand before older ones; the server wants them to ascend.
      if (row.n <= (batch.at(-1)?.n ?? 0)) break;
      bytes += row.body.length;
      if (batch.length > 0 && (batch.length >= this.batchLimit || bytes > MAX_BYTES)) break;
      batch.push(row);
    }
    return batch;
  }

  private async send(batch: Row[]): Promise<void> {
    const { api, journal, onAnswer, onDecided } = this.options;
    const head = batch[0] as Row;
    if (head.type === "decision") {
      if (head.state) await api.decide(head.layer, head.ids, head.state);
      else {
        const { ids, className = "", restores = false } = head;
        await api.setClass(head.layer, { ids, className, restores });
      }
      this.done(batch);
      onDecided(head);
    } else {
      const ops = batch as OpRow[];
      const answer = await api.sendOps(head.layer, head.session, ops);
      const byN = new Map(answer.results.map((result) => [result.n, result]));
      // Half an answer is none: the same rows are sent again, which does no harm.
      if (ops.some((op) => !byN.has(op.n))) throw new NetworkError(texts.server.incomplete);
      this.done(batch);
      for (const op of ops) onAnswer(op, byN.get(op.n) as OpResultJson);
    }
    // A row that stays by mistake is only sent once more after the next start.
    await journal.delete(batch).catch(() => this.storageFailed());
  }

  private done(batch: readonly Row[]): void {
    this.rows.splice(0, batch.length);
  }

  /** Decide what a failure means; true when the loop goes on at once. */
  private async recover(batch: Row[], error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError)) {
      this.pause("offline", sentenceOf(error));
      return false;
    }
    const { status } = error;
    // Strokes behind it must not wait for a draft that is gone, or not this person's to decide.
    if (isRefusedDecision(batch, error)) return this.splitOrSetAside(batch, error);
    if (status === 401)
      this.pause("login-needed", error.code === OTHER_ACCOUNT ? error.message : SIGN_IN);
    else if (status === 403 || status === 404) this.pause("refused", error.message);
    else if (status >= 500 || status === 429 || status === 408) {
      this.pause("server-trouble", error.message, error.retryAfterS);
    } else return this.splitOrSetAside(batch, error);
    return false;
  }

  /** Too large, or one row of them is bad: halve until the bad one stands alone. */
  private async splitOrSetAside(batch: Row[], error: ApiError): Promise<boolean> {
    if (batch.length > 1) {
      this.batchLimit = Math.max(1, Math.floor(batch.length / 2));
      return true;
    }
    const row = batch[0] as Row;
    const parts = await this.partsOf(row, error);
    if (parts) {
      this.rows.splice(0, 1, ...parts);
      this.batchLimit = 1;
      return true;
    }
    await this.options.journal.setAside(row, error.message).catch(() => this.storageFailed());
    this.done(batch);
    this.options.onSetAside(row, error);
    return true;
  }

  /** What is too large, for the server or a proxy before it, can often go piece by piece. */
  private async partsOf(row: Row, { status }: ApiError): Promise<OpRow[] | null> {
    if (status !== TOO_LARGE || row.type !== "op") return null;
    return this.options.cut(row).catch(() => null);
  }

  private pause(status: SaveStatus, sentence: string, atLeastS: number | null = null): void {
    this.show(status, sentence);
    const random = this.options.random ?? Math.random;
    const later = this.options.later ?? browserLater;
    const wait = Math.max(this.wait * (0.5 + random()), (atLeastS ?? 0) * 1000);
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
    this.stopWaiting?.();
    this.stopWaiting = later(wait, () => {
      this.stopWaiting = null;
      void this.drain();
    });
  }

  private show(status: SaveStatus, sentence: string | null): void {
    this.status = status;
    this.sentence = sentence;
    const isSafe = this.isJournalled || status === "saved";
    const failing = status === "login-needed" || status === "refused";
    this.state.set({
      state: isSafe || failing ? status : "storage-blocked",
      queued: this.rows.length + this.coming,
      online: status !== "offline",
      lastError: sentence ?? (isSafe ? null : texts.saving.waitBeforeLeaving),
      isJournalled: this.isJournalled,
    });
  }
}

function isRefusedDecision(batch: readonly Row[], { status, code }: ApiError): boolean {
  // The framework's own 403 is about the session (a stale form token), not about the draft.
  const isNo = status === 404 || (status === 403 && code !== "permission_denied");
  return batch[0]?.type === "decision" && isNo;
}

function browserLater(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function sentenceOf(error: unknown): string {
  return error instanceof NetworkError
    ? texts.saving.sentLater(error.message)
    : texts.saving.unknownReason;
}
