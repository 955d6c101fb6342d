/**
 * What viewer, tools and panels may use of the label stores.
 *
 * Everything that changes pixels of the annotation layer goes through `LayerStore`; a prediction
 * is a `DraftStore`, which is only read and decided on. Listeners return a disposer.
 */

import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { InstanceRow, InstanceState } from "../labels/instance_rows";
import type { InstanceSnapshot } from "../labels/instance_snapshot";
import type { Edit } from "../labels/runs";
import type { Span } from "../labels/spans";
import type {
  FoundArea,
  HistoryState,
  LongEdit,
  ManyReport,
  OpReport,
  Preserve,
  Stroke,
  StrokeOptions,
} from "./edit_types";
import type { AsideOp, RefusedReport, SaveState } from "./saving_types";
import type { ShapeEdits } from "./shape_types";

export type Dispose = () => void;

/** A value that can be watched; shaped like a Preact signal, and `subscribe` calls at once. */
export interface Observable<T> {
  readonly value: T;
  subscribe(listener: (value: T) => void): Dispose;
}

export type Origin = "local" | "remote";

export interface LayerInfo {
  readonly id: string;
  readonly imageId: string;
  readonly kind: "annotation" | "prediction";
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly t: number;
  readonly z: number;
  /** Edge of a chunk in pixels; chunk (cy, cx) starts at pixel (cy * chunk, cx * chunk). */
  readonly chunk: number;
}

/** Pixels changed (or arrived): redraw this box. */
export interface DirtyEvent {
  readonly rect: Rect;
  readonly origin: Origin;
}

// ---------------------------------------------------------------- instances

/** Every instance of a layer, kept in step with the pixels by every op. */
export interface InstanceIndex {
  /** Instances with at least one pixel. */
  readonly count: number;
  /** Grows with every change: cheap to compare. */
  readonly version: number;
  get(id: number): InstanceRow | undefined;
  areaOf(id: number): number;
  /** Of a prediction, or of the prediction it was accepted from; null for none. */
  scoreOf(id: number): number | null;
  /** Name of its class; "" for unknown. */
  classOf(id: number): string;
  /** Instances with at least one pixel, by class; "" is unknown. */
  classCount(): ReadonlyMap<string, number>;
  stateOf(id: number): InstanceState | undefined;
  /** All of them as typed columns; the same object until something changes. */
  snapshot(): InstanceSnapshot;
  /** Ids with at least one pixel, ascending. */
  ids(): Uint32Array;
  /** Ids whose box meets `box` on this plane, or on any of `planes`; ascending. */
  within(box: Rect, planes?: Span): Uint32Array;
  /** Ids in a state, most doubtful first: by doubt, else by 1 - score, else by id. */
  byDoubt(state: InstanceState): Uint32Array;
  countIn(state: InstanceState): number;
}

export interface InstancesEvent {
  readonly origin: Origin;
  /** Ids that changed; null when anything may have changed. */
  readonly ids: readonly number[] | null;
}

// ---------------------------------------------------------------- reading pixels

/** What both kinds of layer offer for display and picking. */
export interface LabelReader {
  readonly info: LayerInfo;
  readonly instances: InstanceIndex;
  /** False while the index knows only instances of loaded chunks. */
  readonly isWhole?: boolean;
  /** Load what is missing of the chunks that meet `box`; resolves when all are there. */
  ensure(box: Rect): Promise<void>;
  /** 512 x 512 labels in C order; undefined while not loaded. Read only, and not to be kept. */
  chunkAt(cy: number, cx: number): Uint32Array | undefined;
  /** Loaded, or known to be all background. */
  isLoaded(cy: number, cx: number): boolean;
  /** The label under a point; 0 for background, undefined when not loaded or off the image. */
  labelAt(point: ImagePoint): number | undefined;
  onDirty(listener: (event: DirtyEvent) => void): Dispose;
  onInstances(listener: (event: InstancesEvent) => void): Dispose;
  /** Called when loading failed, with a sentence for the user. */
  onTrouble(listener: (sentence: string) => void): Dispose;
  close(): void;
}

// ---------------------------------------------------------------- the annotation layer

/**
 * The editable layer of one image plane. Edits other than strokes are one op each, and wait for
 * the chunks they need. They reject with `EditRefused` (a sentence for the user) when impossible.
 */
export interface LayerStore extends LabelReader {
  readonly shaping: ShapeEdits;
  readonly saveState: Observable<SaveState>;
  readonly history: Observable<HistoryState>;
  /** The edit of many parts that is being made. */
  readonly longEdit: Observable<LongEdit | null>;
  /** True while a stroke or another edit is going on. */
  readonly isBusy: boolean;

  /** An id nobody else uses. @throws EditRefused when offline and out of ids. */
  nextInstanceId(): number;
  newGroup(): string;

  /** @throws EditRefused while another edit is open. */
  beginStroke(options: StrokeOptions): Stroke;
  /** Fill the background hole (or closed ring) around a point, inside `bounds` (viewport). */
  fill(point: ImagePoint, instanceId: number, bounds: Rect, className?: string): Promise<OpReport>;
  /** Fill a polygon by the same rules as a stroke (lasso; erasers too). */
  fillPolygon(points: readonly ImagePoint[], options: StrokeOptions): Promise<OpReport | null>;
  /** Fill found pixels by the same rules; null when nothing changed. */
  fillArea(found: FoundArea, options: StrokeOptions): Promise<OpReport | null>;
  /** Give all pixels of `other` to `keep`. */
  merge(keep: number, other: number): Promise<OpReport>;
  deleteInstance(id: number): Promise<OpReport>;
  /** Delete what these have in this plane: one step of undo, in ops of bounded size. */
  deleteMany(ids: readonly number[]): Promise<ManyReport>;
  /** Give all pixels of others in this plane to `keep`: one step of undo. */
  mergeMany(keep: number, others: readonly number[]): Promise<ManyReport>;
  /** Give instances a class, "" for unknown; null when all have it already. */
  setClass(ids: readonly number[], className: string): Promise<OpReport | null>;
  /** The same for instances of a draft: its correction, kept and undone like an edit. */
  setDraftClass(draft: DraftStore, ids: readonly number[], className: string): Promise<void>;
  /** Classes were renamed, replaced or deleted: read again which ones instances have. */
  refreshClasses(): Promise<void>;
  /** Take over an instance's pixels from another plane of this layer; others keep theirs. */
  copyFrom(other: LayerStore, id: number): Promise<OpReport>;
  /** Copy a draft's instance into this layer; resolves to the new id. */
  acceptDraft(draft: DraftStore, id: number, preserve?: Preserve): Promise<number>;
  /** Accept in order to change it: the draft's instance becomes "edited". */
  editDraft(draft: DraftStore, id: number): Promise<number>;
  /** Accept many in one step of undo; resolves to how many were accepted. */
  acceptMany(draft: DraftStore, ids: ArrayLike<number>, preserve?: Preserve): Promise<number>;

  /** A prediction of the same image; its decisions are saved with this layer's strokes. */
  openDraft(layerId: string): Promise<DraftStore>;

  /** During a stroke: cancel it. Resolves to what changed, null when there was nothing to undo. */
  undo(): Promise<OpReport | null>;
  redo(): Promise<OpReport | null>;

  /** Try to send now (after signing in again, or a click on the save state). */
  retrySaving(): void;
  /** Resolves when everything is on the server. */
  flush(): Promise<void>;

  onRefused(listener: (report: RefusedReport) => void): Dispose;
  /** Write refused pixels all the same, as a new edit; null when nothing is left to write. */
  reclaim(refused: readonly Edit[]): Promise<OpReport | null>;

  /** What the server will never take as it is, oldest first. */
  readonly aside: Observable<readonly AsideOp[]>;
  /** Send it once more. @throws EditRefused when it cannot be read any more */
  retryAside(key: string): Promise<void>;
  discardAside(key: string): Promise<void>;
  /** The whole of it as JSON text, to keep or to send to somebody. */
  asideFile(key: string): string;

  /** Ops of other people as they arrive. */
  onRemote(listener: (op: { user: string | null; kind: string; rect: Rect }) => void): Dispose;
}

// ---------------------------------------------------------------- drafts

/** A prediction, waiting for a person. */
export interface DraftStore extends LabelReader {
  /** Kept and sent like strokes; the change shows at once. */
  reject(ids: ArrayLike<number>): void;
  /** Take a decision back. */
  reopen(ids: ArrayLike<number>): void;
  /** Read states again (another person may have decided). */
  refresh(): Promise<void>;
}
