/** The way of an own op from this screen to the server: journal, queue, answer, undo stack. */

import type { ApiError } from "../api/client";
import { fromBase64, type LayerApi } from "../api/layers";
import type { ClassGroups, InstanceStateJson, OpMeta, OpResultJson } from "../api/types";
import { decodeEdit, encodeEdit } from "../labels/codec";
import { gunzip, gzip } from "../labels/gzip";
import type { InstanceState } from "../labels/instance_rows";
import { boxOfEdit, type Edit, NO_EDIT, pixelsIn, refusedPart } from "../labels/runs";
import { grouped } from "./classes";
import { cutInTwo } from "./cutter";
import type { OpReport } from "./edit_types";
import { type Cut, History, placeOf, type Stack, type Step } from "./history";
import type { DecisionRow, Journal, OpRow, Row } from "./journal";
import { type OwnOp, ownOp } from "./replica";
import { SaveQueue } from "./save_queue";

export interface RecorderOptions {
  readonly api: LayerApi;
  readonly journal: Journal;
  readonly session: string;
  readonly layerId: string;
  readonly user: string;
  readonly t: number;
  readonly z: number;
  /** Nothing more will come of these. */
  readonly onAnswer: (row: OpRow, result: OpResultJson, accepted: Edit | null) => void;
  readonly onRefused: (row: OpRow, refused: Edit) => void;
  readonly onSetAside: (row: Row, error: ApiError) => void;
  /** An op that was too large is sent in these parts. */
  readonly onCut: (row: OpRow, parts: readonly Cut[]) => void;
}

export class Recorder {
  readonly queue: SaveQueue;
  readonly history: History;
  private readonly options: RecorderOptions;
  private n = 0;
  // Packing and writing take a moment: one after another keeps the order of the strokes.
  private tail: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    const { api, journal, layerId, user, t, z } = options;
    this.options = options;
    this.history = new History(journal, placeOf(user, layerId, { t, z }));
    this.queue = new SaveQueue({
      api,
      journal,
      // An answer that cannot be read changes nothing: the stream brings the op as well.
      onAnswer: (row, result) => void this.answered(row, result).catch(() => undefined),
      onDecided: () => undefined,
      onSetAside: options.onSetAside,
      cut: (row) => this.cut(row),
    });
  }

  nextN(): number {
    return ++this.n;
  }

  makeOp(kind: string, edit: Edit, n = this.nextN(), classes?: ClassGroups): OwnOp {
    return ownOp(this.options.session, n, kind, edit, classes);
  }

  /** Keep and send a new edit; it can be undone. */
  record(op: OwnOp, meta: OpMeta): Promise<OpReport> {
    const body = gzip(encodeEdit(op.edit));
    this.history.record(op, meta, body);
    return this.keep(op, meta, body);
  }

  /** Keep and send what takes a step back; itself it can be taken back from `stack`. */
  recordReversal(op: OwnOp, meta: OpMeta, stack: Stack, step: Step): Promise<OpReport> {
    const body = gzip(encodeEdit(op.edit));
    this.history.push(stack, op, step.meta, step.kind, body);
    return this.keep(op, meta, body);
  }

  private keep(op: OwnOp, meta: OpMeta, body: Promise<Uint8Array>): Promise<OpReport> {
    const report = {
      n: op.n,
      kind: op.kind,
      nPixels: pixelsIn(op.edit),
      rect: boxOfEdit(op.edit),
    };
    return this.save(async () => this.rowOf(op.kind, op.n, meta, await body)).then(() => report);
  }

  /** Keep and send a decision on a draft. */
  decide(layer: string, ids: readonly number[], state: InstanceStateJson): void {
    void this.saveDecision(layer, { ids, state });
  }

  private saveDecision(
    layer: string,
    what: Pick<DecisionRow, "ids" | "state" | "className" | "restores">,
  ): Promise<void> {
    const { session, user, layerId } = this.options;
    const base = { session, n: this.nextN(), user, savedAt: Date.now() };
    const row: Row = { ...base, type: "decision", layer, beside: layerId, ...what };
    return this.save(async () => row);
  }

  /** Keep and send classes of draft objects. */
  async classify(layer: string, classes: ClassGroups, restores: boolean): Promise<void> {
    const rows = Object.entries(classes).map(([className, ids]) =>
      this.saveDecision(layer, { ids, state: null, className, restores }),
    );
    await Promise.all(rows);
  }

  /** Remember a step that is no op of this layer, so that it can be undone in its turn. */
  remember(stack: Stack, meta: OpMeta, kind: string, isNew: boolean): void {
    const op = this.makeOp(kind, NO_EDIT);
    const body = gzip(encodeEdit(NO_EDIT));
    if (isNew) this.history.record(op, meta, body);
    else this.history.push(stack, op, meta, kind, body);
  }

  /** Keep a stroke that is still being drawn. */
  keepDraft(kind: string, edit: Edit, meta: OpMeta, n: number): Promise<void> {
    const body = gzip(encodeEdit(edit));
    return this.enqueue(async () => {
      const row = this.rowOf(kind, n, meta, await body);
      await this.options.journal.putDraft(row).catch(() => this.queue.storageFailed());
    });
  }

  dropDraft(): void {
    const { journal, session } = this.options;
    void this.enqueue(() => journal.deleteDraft(session).catch(() => undefined));
  }

  private rowOf(kind: string, n: number, meta: OpMeta, body: Uint8Array): OpRow {
    const { session, layerId, user, t, z } = this.options;
    const base = { session, n, layer: layerId, user, savedAt: Date.now() };
    return { ...base, type: "op", t, z, kind, meta, body };
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.tail.then(work);
    this.tail = done.catch(() => undefined);
    return done;
  }

  private save(pack: () => Promise<Row>): Promise<void> {
    const push = this.queue.expect();
    return this.enqueue(async () => {
      const row = await pack();
      await this.options.journal.put(row).catch(() => this.queue.storageFailed());
      push(row);
    });
  }

  /** A row that is in the journal already, from a page that is gone. */
  adopt(row: Row): void {
    this.queue.push(row);
  }

  private async cut(row: OpRow): Promise<OpRow[] | null> {
    const { journal, session, onCut } = this.options;
    const parts = await cutInTwo(row, session, () => this.nextN());
    if (!parts) return null;
    const rows = parts.map((part) => part.row);
    await journal.replace(row, rows).catch(() => this.queue.storageFailed());
    onCut(
      row,
      parts.map((part) => part.cut),
    );
    return rows;
  }

  private async answered(row: OpRow, result: OpResultJson): Promise<void> {
    const accepted =
      result.body === null ? null : decodeEdit(await gunzip(fromBase64(result.body)));
    this.options.onAnswer(row, result, accepted);
    if (!accepted || result.n_refused === 0) return;
    this.options.onRefused(row, refusedPart(decodeEdit(await gunzip(row.body)), accepted));
  }

  async flush(): Promise<void> {
    await this.tail;
    await this.queue.flush();
  }

  /** What this person decided about a draft and the server may not know. */
  undelivered(draftId: string): Map<number, InstanceState> {
    const states = new Map<number, InstanceState>();
    for (const row of this.queue.waiting) {
      if (row.type === "decision") {
        if (row.layer !== draftId || !row.state) continue;
        for (const id of row.ids) states.set(id, row.state);
        continue;
      }
      for (const one of row.meta.accepts ?? []) {
        const state = row.meta.edits_draft ? "edited" : "accepted";
        if (one.layer === draftId) states.set(one.instance_id, state);
      }
    }
    return states;
  }

  /** Classes that this person gave to objects of a draft and the server may not know. */
  undeliveredClasses(draftId: string): ClassGroups {
    const classes = new Map<number, string>();
    for (const row of this.queue.waiting) {
      if (row.type !== "decision" || row.layer !== draftId || row.className === undefined) continue;
      for (const id of row.ids) classes.set(id, row.className);
    }
    return grouped(classes);
  }

  close(): void {
    this.queue.close();
  }
}
