import type { OpMeta } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { ChunkKey } from "../labels/chunks";
import { labelsIn } from "../labels/codec";
import { boxOfEdit, type Edit, NO_EDIT } from "../labels/runs";
import * as texts from "../texts";
import { applyClasses, classMetas } from "./classes";
import { DraftClasses } from "./draft_classes";
import type { DraftPlane } from "./draft_plane";
import { added, type EditContext, EditDesk } from "./edit_desk";
import type { EditLock } from "./edit_lock";
import { EditRefused } from "./edit_refused";
import type {
  FoundArea,
  LongEdit,
  ManyReport,
  OpReport,
  Preserve,
  Stroke,
  StrokeOptions,
} from "./edit_types";
import { IdPool } from "./id_pool";
import { LongEdits } from "./long_edit";
import { ManyDesk } from "./many_desk";
import { OpenStroke, ruleOf } from "./open_stroke";
import type { PastPlane } from "./past_plane";
import { PlaneDrafts } from "./plane_drafts";
import type { OwnOp } from "./replica";
import type { RestorePlan, ToRestore } from "./restore";
import { Reversal } from "./reversal";
import { newId } from "./sessions";
import { ShapeDesk } from "./shape_desk";
import { type SyncedOptions, SyncedPlane } from "./synced_plane";
import type { DraftStore, LayerStore, Observable } from "./types";

export interface AnnotationOptions extends SyncedOptions {
  readonly openDraft: (layerId: string) => Promise<DraftPlane>;
  /** Shared by the planes of a layer; without it the plane asks for its own. */
  readonly ids?: IdPool;
  readonly lock?: EditLock;
}

export class AnnotationPlane extends SyncedPlane implements LayerStore {
  readonly ids: IdPool;
  readonly shaping: ShapeDesk;
  private readonly options: AnnotationOptions;
  private readonly desk: EditDesk;
  private readonly long: LongEdits;
  private readonly many: ManyDesk;
  private readonly reversal: Reversal;
  private readonly draftClasses: DraftClasses;
  private readonly planeDrafts: PlaneDrafts;
  private stroke: OpenStroke | null = null;
  // Changes to pixels that must not happen under an open stroke.
  private deferred: (() => void)[] = [];

  constructor(options: AnnotationOptions) {
    super(options);
    this.options = options;
    this.ids = options.ids ?? new IdPool(options.api, this.info.id);
    this.draftClasses = new DraftClasses(this.drafts, this.recorder);
    const context: EditContext = {
      bounds: this.bounds,
      chunks: this.replica.chunks,
      table: this.replica.table,
      ids: this.ids,
      ...(options.lock && { lock: options.lock }),
      ensure: (box) => this.ensure(box),
      newGroup: () => this.newGroup(),
      isStrokeOpen: () => this.stroke !== null,
      painted: (box) => this.tellDirty(box, "local"),
      commit: (kind, edit, meta, isPainted) => this.commit(kind, edit, meta, isPainted),
    };
    this.desk = new EditDesk(context);
    this.long = new LongEdits(this.room);
    this.many = new ManyDesk(this.desk, context, this.long);
    this.planeDrafts = new PlaneDrafts({
      drafts: this.drafts,
      table: this.replica.table,
      many: this.many,
      openDraft: options.openDraft,
    });
    this.reversal = new Reversal({
      ...{ recorder: this.recorder, replica: this.replica, drafts: this.drafts },
      ...{ draftClasses: this.draftClasses, long: this.long },
      ensure: (box) => this.ensure(box),
      add: (op) => {
        this.add(op, true);
        this.tellDirty(boxOfEdit(op.edit), "local");
      },
    });
    this.shaping = new ShapeDesk(this.desk, context);
  }

  get isBusy(): boolean {
    return this.stroke !== null || this.desk.isWorking;
  }

  get longEdit(): Observable<LongEdit | null> {
    return this.long.state;
  }

  nextInstanceId(): number {
    return this.ids.next();
  }

  newGroup(): string {
    return newId();
  }

  // ------------------------------------------------------------ edits

  beginStroke(options: StrokeOptions): Stroke {
    this.options.lock?.check();
    if (this.isBusy) throw new EditRefused("busy", texts.editing.waitForLast);
    ruleOf(options, 0); // refuses now and not at the first point
    // Seen in its colour while it is painted.
    if (options.className) this.replica.table.setClass(options.instanceId, options.className);
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
    this.stroke = new OpenStroke(host, this.withLocks(options), group);
    return this.stroke;
  }

  /** Nothing else said, what is decided is locked, but for the object that is painted. */
  private withLocks(options: StrokeOptions) {
    return { ...options, isLocked: options.isLocked ?? this.isDecidedBut(options.instanceId) };
  }

  private isDecidedBut(own: number) {
    return (id: number) => {
      const state = this.replica.table.stateOf(id);
      return id !== own && (state === "accepted" || state === "edited");
    };
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
    const classes = { ...this.draftClasses.ofAccepted(meta), ...meta.classes };
    const op = this.recorder.makeOp(kind, edit, n, classes);
    this.add(op, isPainted);
    this.planeDrafts.accepted(meta);
    if (kind !== "accept" && kind !== "restore") this.planeDrafts.markEdited(labelsIn(edit));
    return this.recorder.record(op, meta);
  }

  private add(op: OwnOp, isPainted: boolean): void {
    this.showClasses(applyClasses(this.replica.table, op.classes), "local");
    if (isPainted) this.replica.addPainted(op);
    else {
      this.replica.addAndApply(op);
      this.tellDirty(boxOfEdit(op.edit), "local");
    }
    this.tellInstances("local", labelsIn(op.edit));
  }

  setClass(ids: readonly number[], className: string): Promise<OpReport | null> {
    return this.desk.exclusively(async () => {
      const group = this.newGroup();
      const metas = classMetas(this.replica.table, ids, className);
      const made = metas.map((meta) => this.commit("class", NO_EDIT, { ...meta, group }, true));
      return made.length === 0 ? null : (await Promise.all(made)).reduce(added);
    });
  }

  setDraftClass(draft: DraftStore, ids: readonly number[], className: string): Promise<void> {
    return this.draftClasses.set(this.planeDrafts.planeOf(draft), ids, className, this.newGroup());
  }

  fill(point: ImagePoint, instanceId: number, bounds: Rect, className?: string): Promise<OpReport> {
    return this.desk.fill(point, instanceId, bounds, className);
  }

  fillPolygon(points: readonly ImagePoint[], options: StrokeOptions): Promise<OpReport | null> {
    return this.desk.fillPolygon(points, this.withLocks(options));
  }

  fillArea(found: FoundArea, options: StrokeOptions): Promise<OpReport | null> {
    return this.desk.fillArea(found, this.withLocks(options));
  }

  merge(keep: number, other: number): Promise<OpReport> {
    return this.desk.merge(keep, other);
  }

  deleteInstance(id: number): Promise<OpReport> {
    return this.desk.deleteInstance(id);
  }

  deleteMany(ids: readonly number[]): Promise<ManyReport> {
    return this.many.relabel("delete", new Map(ids.map((id) => [id, 0])));
  }

  mergeMany(keep: number, others: readonly number[]): Promise<ManyReport> {
    const given = others.filter((id) => id !== keep);
    return this.many.relabel("merge", new Map(given.map((id) => [id, keep])));
  }

  copyFrom(other: LayerStore, id: number): Promise<OpReport> {
    if (!(other instanceof AnnotationPlane)) throw new TypeError("Not a plane of this layer.");
    return this.desk.copyFrom(other, id);
  }

  reclaim(refused: readonly Edit[]): Promise<OpReport | null> {
    return this.desk.reclaim(refused);
  }

  planRestore(past: PastPlane, what: ToRestore): Promise<RestorePlan> {
    return this.desk.planRestore(past, what);
  }

  restore(past: PastPlane, what: ToRestore): Promise<RestorePlan> {
    return this.desk.restore(past, what);
  }

  acceptDraft(draft: DraftStore, id: number, preserve: Preserve = "pixels"): Promise<number> {
    return this.planeDrafts.acceptOne(draft, id, preserve, false);
  }

  editDraft(draft: DraftStore, id: number): Promise<number> {
    return this.planeDrafts.acceptOne(draft, id, "pixels", true);
  }

  async acceptMany(draft: DraftStore, ids: ArrayLike<number>, preserve: Preserve = "pixels") {
    return this.planeDrafts.acceptMany(draft, ids, preserve);
  }

  openDraft(layerId: string): Promise<DraftStore> {
    return this.planeDrafts.open(layerId);
  }

  // ------------------------------------------------------------ undo

  async undo(): Promise<OpReport | null> {
    if (!this.stroke) return this.desk.exclusively(() => this.reversal.reverse("undo"));
    this.stroke.cancel();
    return null;
  }

  redo(): Promise<OpReport | null> {
    return this.desk.exclusively(() => this.reversal.reverse("redo"));
  }

  /** Take back, or do again, the steps of one group, whatever came after them. */
  reverseGroup(from: "undo" | "redo", group: string): Promise<OpReport | null> {
    return this.desk.exclusively(() => this.reversal.reverse(from, group));
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
