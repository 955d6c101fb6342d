/** The annotation layer: strokes and other edits, undo, saving, other people's ops. */

import type { ApiError } from "../api/client";
import type { OpJson, OpMeta, OpResultJson } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import { type ChunkKey, chunkRect } from "../labels/chunks";
import { labelsIn } from "../labels/codec";
import { applyEdit, boxOfEdit, type Edit, invertEdit, pixelsIn } from "../labels/runs";
import type { Orphan } from "./adopt";
import type { DraftPlane } from "./draft_plane";
import { added, EditDesk } from "./edit_desk";
import type { Step } from "./history";
import { IdPool } from "./id_pool";
import type { Journal, OpRow, Row } from "./journal";
import { Listeners } from "./observable";
import { OpInbox } from "./op_inbox";
import { OpenStroke, ruleOf } from "./open_stroke";
import { PlaneReader, type ReaderOptions } from "./plane_reader";
import { Recorder } from "./recorder";
import { type ConfirmedOp, type OwnOp, ownOp } from "./replica";
import { newId } from "./sessions";
import {
  type Dispose,
  type DraftStore,
  EditRefused,
  type HistoryState,
  type LayerStore,
  type Observable,
  type OpReport,
  type Preserve,
  type RefusedReport,
  type SaveState,
  type Stroke,
  type StrokeOptions,
} from "./types";

export interface AnnotationOptions extends ReaderOptions {
  readonly user: string;
  readonly session: string;
  readonly journal: Journal;
  readonly openDraft: (layerId: string) => Promise<DraftPlane>;
}

export interface RemoteNews {
  readonly user: string | null;
  readonly kind: string;
  readonly rect: Rect;
}

export class AnnotationPlane extends PlaneReader implements LayerStore {
  readonly recorder: Recorder;
  readonly inbox: OpInbox;
  readonly ids: IdPool;
  readonly drafts = new Map<string, DraftPlane>();
  private readonly options: AnnotationOptions;
  private readonly desk: EditDesk;
  private stroke: OpenStroke | null = null;
  // Changes to pixels that must not happen under an open stroke.
  private deferred: (() => void)[] = [];
  // The draft instance that an instance was accepted from on this page.
  private readonly origins = new Map<number, { layer: string; instance_id: number }>();
  private readonly refusedListeners = new Listeners<RefusedReport>();
  private readonly remoteListeners = new Listeners<RemoteNews>();
  private readonly decisionListeners = new Listeners<void>();

  constructor(options: AnnotationOptions) {
    super(options, "accepted");
    this.options = options;
    const { api, t, z, journal, session, user } = options;
    const layerId = this.info.id;
    this.ids = new IdPool(api, layerId);
    this.recorder = new Recorder({
      ...{ api, journal, session, layerId, user, t, z },
      onAnswer: (row, result, accepted) => this.answered(row, result, accepted),
      onSetAside: (row, error) => this.setAside(row, error),
    });
    this.inbox = new OpInbox({
      ...{ api, layerId, t, z },
      seq: () => this.replica.seq,
      apply: (op, json) => this.confirm(op, json),
      onInstances: () => this.decisionListeners.tell(),
      ownEdit: (from, n) => this.replica.findPending(from, n)?.edit,
    });
    this.desk = new EditDesk({
      bounds: this.bounds,
      chunks: this.replica.chunks,
      table: this.replica.table,
      ids: this.ids,
      ensure: (box) => this.ensure(box),
      newGroup: () => this.newGroup(),
      isStrokeOpen: () => this.stroke !== null,
      commit: (kind, edit, meta, isPainted) => this.commit(kind, edit, meta, isPainted),
    });
  }

  get saveState(): Observable<SaveState> {
    return this.recorder.queue.state;
  }

  get history(): Observable<HistoryState> {
    return this.recorder.history.state;
  }

  get isBusy(): boolean {
    return this.stroke !== null || this.desk.isWorking;
  }

  nextInstanceId(): number {
    return this.ids.next();
  }

  newGroup(): string {
    return newId();
  }

  // ------------------------------------------------------------ edits

  beginStroke(options: StrokeOptions): Stroke {
    if (this.isBusy) throw new EditRefused("busy", "Wait until the last edit is finished.");
    const isLocked = options.isLocked ?? ((id) => this.isDecided(id, options.instanceId));
    ruleOf(options, 0); // refuses now and not at the first point
    this.inbox.hold();
    const { recorder, inbox } = this;
    const host = {
      chunks: this.replica.chunks,
      bounds: this.bounds,
      loadChunk: (key: ChunkKey) => this.loader.load([key]),
      painted: (box: Rect) => this.tellDirty(box, "local"),
      record: (kind: string, edit: Edit, meta: OpMeta, n: number) =>
        this.commit(kind, edit, meta, true, n),
      keepDraft: recorder.keepDraft.bind(recorder),
      nextN: () => recorder.nextN(),
      hasWaiting: () => inbox.hasWaiting,
      letIn: () => {
        inbox.release();
        inbox.hold();
      },
      closed: () => this.strokeClosed(),
      dropDraft: () => recorder.dropDraft(),
      lost: (sentence: string) => this.tellTrouble(sentence),
    };
    const group = options.group ?? this.newGroup();
    this.stroke = new OpenStroke(host, { ...options, isLocked }, group);
    return this.stroke;
  }

  private isDecided(id: number, own: number): boolean {
    const state = this.replica.table.stateOf(id);
    return id !== own && (state === "accepted" || state === "edited");
  }

  protected override isPainting(key: ChunkKey): boolean {
    return this.stroke?.isPainting(key) ?? false;
  }

  private strokeClosed(): void {
    this.stroke = null;
    this.inbox.release();
    for (const change of this.deferred.splice(0)) change();
  }

  private whenNoStroke(change: () => void): void {
    if (this.stroke) this.deferred.push(change);
    else change();
  }

  private commit(
    kind: string,
    edit: Edit,
    meta: OpMeta,
    isPainted: boolean,
    n?: number,
  ): Promise<OpReport> {
    const op = this.recorder.makeOp(kind, edit, n);
    this.add(op, isPainted);
    for (const one of meta.accepts ?? []) this.origins.set(one.new_id, one);
    if (kind !== "accept") this.markEdited(labelsIn(edit));
    return this.recorder.record(op, meta);
  }

  private add(op: OwnOp, isPainted: boolean): void {
    if (isPainted) this.replica.addPainted(op);
    else {
      this.replica.addAndApply(op);
      this.tellDirty(boxOfEdit(op.edit), "local");
    }
    this.tellInstances("local", labelsIn(op.edit));
  }

  /** Who changes an accepted prediction has edited it. */
  private markEdited(labels: readonly number[]): void {
    for (const label of labels) {
      const origin = this.origins.get(label);
      if (origin) this.drafts.get(origin.layer)?.show([origin.instance_id], "edited");
    }
  }

  fill(point: ImagePoint, instanceId: number, bounds: Rect): Promise<OpReport> {
    return this.desk.fill(point, instanceId, bounds);
  }

  fillPolygon(points: readonly ImagePoint[], options: StrokeOptions): Promise<OpReport | null> {
    const isLocked = options.isLocked ?? ((id) => this.isDecided(id, options.instanceId));
    return this.desk.fillPolygon(points, { ...options, isLocked });
  }

  merge(keep: number, other: number): Promise<OpReport> {
    return this.desk.merge(keep, other);
  }

  deleteInstance(id: number): Promise<OpReport> {
    return this.desk.deleteInstance(id);
  }

  acceptDraft(draft: DraftStore, id: number, preserve: Preserve = "pixels"): Promise<number> {
    return this.acceptOne(draft, id, preserve, false);
  }

  editDraft(draft: DraftStore, id: number): Promise<number> {
    return this.acceptOne(draft, id, "pixels", true);
  }

  private async acceptOne(draft: DraftStore, id: number, preserve: Preserve, isEdit: boolean) {
    const done = await this.desk.accept(this.planeOf(draft), [id], preserve, isEdit);
    const newId = done.get(id);
    if (newId !== undefined) return newId;
    throw new EditRefused("covered", "Nothing is left to accept: other objects cover this one.");
  }

  async acceptMany(draft: DraftStore, ids: ArrayLike<number>, preserve: Preserve = "pixels") {
    const plane = this.planeOf(draft);
    return (await this.desk.accept(plane, Array.from(ids), preserve, false)).size;
  }

  private planeOf(draft: DraftStore): DraftPlane {
    const plane = this.drafts.get(draft.info.id);
    if (!plane) throw new EditRefused("draft_closed", "This draft is not open any more.");
    return plane;
  }

  async openDraft(layerId: string): Promise<DraftStore> {
    const open = this.drafts.get(layerId);
    if (open) return open;
    const draft = await this.options.openDraft(layerId);
    this.drafts.set(layerId, draft);
    draft.onClose(() => this.drafts.delete(layerId));
    return draft;
  }

  // ------------------------------------------------------------ undo

  async undo(): Promise<OpReport | null> {
    if (!this.stroke) return this.desk.exclusively(() => this.reverse("undo"));
    this.stroke.cancel();
    return null;
  }

  redo(): Promise<OpReport | null> {
    return this.desk.exclusively(() => this.reverse("redo"));
  }

  /** Do the inverse of the newest steps, each pixel only where it still has our value. */
  private async reverse(from: "undo" | "redo"): Promise<OpReport | null> {
    const { history } = this.recorder;
    const steps = history.peek(from);
    if (steps.length === 0) return null;
    await this.loader.load([...new Set(steps.flatMap((step) => [...step.op.effective.keys()]))]);
    history.take(from, steps);
    const made: Promise<OpReport>[] = [];
    for (const step of steps) {
      const edit = applyEdit(this.replica.chunks, invertEdit(step.op.effective));
      if (edit.size > 0) made.push(this.recordReversal(from, step, edit));
    }
    const reports = await Promise.all(made);
    return reports.length > 0 ? reports.reduce(added) : null;
  }

  private recordReversal(from: "undo" | "redo", step: Step, edit: Edit): Promise<OpReport> {
    const op = this.recorder.makeOp(from, edit);
    this.add(op, true);
    this.tellDirty(boxOfEdit(edit), "local");
    const of = step.op.seq ?? step.op.n;
    const { group, accepts, edits_draft } = step.meta;
    const meta: OpMeta = from === "undo" ? { undo_of: of } : { redo_of: of };
    if (group) meta.group = group;
    if (accepts) {
      const state = from === "undo" ? "proposed" : edits_draft ? "edited" : "accepted";
      for (const one of accepts) this.drafts.get(one.layer)?.show([one.instance_id], state);
      // The server reopens the draft's instances by itself when an accept is undone.
      if (from === "redo") Object.assign(meta, { accepts, ...(edits_draft && { edits_draft }) });
    }
    return this.recorder.recordReversal(op, meta, from === "undo" ? "redo" : "undo", step);
  }

  // ------------------------------------------------------------ the server's side

  /** Take over an op that a page which is gone left in the journal. */
  adopt({ row, edit }: Orphan): void {
    if (row.type === "op" && edit) {
      this.replica.addAndApply(ownOp(row.session, row.n, row.kind, edit));
    }
    this.recorder.adopt(row);
  }

  private confirm(op: ConfirmedOp, json: OpJson | null): void {
    const box = this.replica.confirm(op);
    const isOwn = op.session === this.options.session;
    this.tellDirty(box, "remote");
    this.tellInstances(isOwn ? "local" : "remote", labelsIn(op.edit));
    if (json && !isOwn) this.tellRemote(json, op.edit);
    const wrong = this.replica.takeDiverged();
    if (wrong.length > 0) this.whenNoStroke(() => this.reload(wrong));
  }

  private tellRemote(json: OpJson, edit: Edit): void {
    for (const one of json.meta.accepts ?? []) {
      const state = json.meta.edits_draft ? "edited" : "accepted";
      this.drafts.get(one.layer)?.show([one.instance_id], state, "remote");
    }
    const user = json.user === null ? null : String(json.user);
    this.remoteListeners.tell({ user, kind: json.kind, rect: boxOfEdit(edit) });
  }

  private reload(keys: ChunkKey[]): void {
    this.loader.reload(keys).then(
      () => {
        for (const key of keys) this.tellDirty(chunkRect(key), "remote");
      },
      () => undefined, // the loader has told; the next `ensure` tries again
    );
  }

  private answered(row: OpRow, result: OpResultJson, accepted: Edit | null): void {
    const own = this.replica.findPending(row.session, row.n);
    const edit = accepted ?? own?.edit;
    if (edit) this.inbox.answered(row.session, result, edit);
    if (own && edit && result.seq <= this.replica.seq) {
      // Known to the server before this page was opened: what was loaded contains it.
      this.whenNoStroke(() => {
        if (this.replica.pending.includes(own)) {
          this.tellDirty(this.replica.remove(own, edit, result.seq), "remote");
        }
      });
    }
    if (result.n_refused > 0) this.tellRefused(row, result.n_refused);
  }

  private tellRefused(row: OpRow, nRefused: number, why?: string): void {
    const message =
      why ?? `Someone else changed ${nRefused} px meanwhile; your version was not used there.`;
    this.refusedListeners.tell({ n: row.n, kind: row.kind, nRefused, message });
  }

  /** The server will never take this: show the truth again. */
  private setAside(row: Row, error: ApiError): void {
    if (row.type === "decision") {
      void this.drafts.get(row.layer)?.refresh();
      this.tellTrouble(error.message);
      return;
    }
    const own = this.replica.findPending(row.session, row.n);
    if (!own) return;
    this.recorder.history.remove(own);
    this.whenNoStroke(() => this.tellDirty(this.replica.remove(own), "remote"));
    this.tellRefused(row, pixelsIn(own.edit), error.message);
    for (const one of row.meta.accepts ?? []) void this.drafts.get(one.layer)?.refresh();
  }

  retrySaving(): void {
    this.recorder.queue.kick();
    this.inbox.restart();
  }

  flush(): Promise<void> {
    return this.recorder.flush();
  }

  /** The page may be frozen or killed any moment. */
  keepSafe(isLeaving: boolean): void {
    if (isLeaving) void this.stroke?.commit();
    else this.stroke?.keepDraft();
  }

  onRefused(listener: (report: RefusedReport) => void): Dispose {
    return this.refusedListeners.add(listener);
  }

  onRemote(listener: (op: RemoteNews) => void): Dispose {
    return this.remoteListeners.add(listener);
  }

  /** The server says that states changed. */
  onDecisions(listener: () => void): Dispose {
    return this.decisionListeners.add(listener);
  }

  override close(): void {
    void this.stroke?.commit();
    for (const draft of [...this.drafts.values()]) draft.close();
    this.inbox.close();
    this.recorder.close();
    super.close();
  }
}
