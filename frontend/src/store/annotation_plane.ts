import type { OpMeta } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { ChunkKey } from "../labels/chunks";
import { labelsIn } from "../labels/codec";
import { applyEdit, boxOfEdit, type Edit, invertEdit } from "../labels/runs";
import type { DraftPlane } from "./draft_plane";
import { added, EditDesk } from "./edit_desk";
import type { Step } from "./history";
import { IdPool } from "./id_pool";
import { OpenStroke, ruleOf } from "./open_stroke";
import type { OwnOp } from "./replica";
import { newId } from "./sessions";
import { type SyncedOptions, SyncedPlane } from "./synced_plane";
import {
  type DraftStore,
  EditRefused,
  type LayerStore,
  type OpReport,
  type Preserve,
  type Stroke,
  type StrokeOptions,
} from "./types";

export interface AnnotationOptions extends SyncedOptions {
  readonly openDraft: (layerId: string) => Promise<DraftPlane>;
}

export class AnnotationPlane extends SyncedPlane implements LayerStore {
  readonly ids: IdPool;
  private readonly options: AnnotationOptions;
  private readonly desk: EditDesk;
  private stroke: OpenStroke | null = null;
  // Two planes of one draft would not know of each other's decisions.
  private readonly opening = new Map<string, Promise<DraftPlane>>();
  // Changes to pixels that must not happen under an open stroke.
  private deferred: (() => void)[] = [];
  // The draft instance that an instance was accepted from on this page.
  private readonly origins = new Map<number, { layer: string; instance_id: number }>();

  constructor(options: AnnotationOptions) {
    super(options);
    this.options = options;
    this.ids = new IdPool(options.api, this.info.id);
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

  reclaim(refused: readonly Edit[]): Promise<OpReport | null> {
    return this.desk.reclaim(refused);
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
    const open = this.drafts.get(layerId) ?? this.opening.get(layerId);
    if (open) return open;
    const opening = this.loadDraft(layerId).finally(() => this.opening.delete(layerId));
    this.opening.set(layerId, opening);
    return opening;
  }

  private async loadDraft(layerId: string): Promise<DraftPlane> {
    const draft = await this.options.openDraft(layerId);
    this.drafts.set(layerId, draft);
    draft.onClose(() => {
      // It may be open anew by now.
      if (this.drafts.get(layerId) === draft) this.drafts.delete(layerId);
    });
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
    const newest = history.peek(from);
    if (newest.length === 0) return null;
    await this.loader.load([...new Set(newest.flatMap((step) => [...step.op.effective.keys()]))]);
    // Fewer, should the server have refused one of them meanwhile.
    const steps = history.take(from, newest);
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
    // Session and count are known before the server gives the op its place in the order.
    const of = { session: step.op.session, n: step.op.n };
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

  /** The page may be frozen or killed any moment. */
  keepSafe(isLeaving: boolean): void {
    if (isLeaving) void this.stroke?.commit();
    else this.stroke?.keepDraft();
  }

  /** Waits for the stroke under the hand too, and for edits whose turn has not come. */
  override async flush(): Promise<void> {
    await new Promise<void>((done) => this.whenNoStroke(done));
    await this.desk.settled();
    await super.flush();
  }

  protected override whenNoStroke(change: () => void): void {
    if (this.stroke) this.deferred.push(change);
    else change();
  }

  override close(): void {
    void this.stroke?.commit();
    super.close();
  }
}
