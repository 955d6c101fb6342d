/** What an edit is asked for, and what it tells. */
import type { OpMeta } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { Interval } from "../labels/polygon";

/**
 * preserve  only background and own pixels (default)
 * overwrite takes pixels of others
 * inside    only what was under the first point (another instance, or background)
 * locked    spares instances for which `isLocked` says true, takes the others' pixels
 */
export type WriteMode = "preserve" | "overwrite" | "inside" | "locked";

export type StrokeKind = "brush" | "erase-selected" | "erase-any";

export interface StrokeOptions {
  readonly kind: StrokeKind;
  /** What is written by a brush, or erased by "erase-selected"; ignored by "erase-any". */
  readonly instanceId: number;
  /** In image pixels: a pixel is painted when its centre is at most this far from the path. */
  readonly radius: number;
  /** Of a brush; default "preserve". */
  readonly mode?: WriteMode;
  /** For mode "locked"; default: every accepted or edited instance but the own one. */
  readonly isLocked?: (instanceId: number) => boolean;
  /** Ops of one group are undone together; see `newGroup`. */
  readonly group?: string;
  /** Of a new instance. */
  readonly className?: string;
}

/** Pixels that were found and not drawn, by a wand or a model. */
export interface FoundArea {
  /** Of the op. */
  readonly kind: "wand" | "prompt";
  readonly spans: readonly Interval[];
  /** Where the person pointed: what is under it decides in mode "inside". */
  readonly start: ImagePoint;
  readonly meta?: Pick<OpMeta, "prompt">;
}

/** One pointer-down … pointer-up. Only one is open at a time. */
export interface Stroke {
  /** Paint on to these points, in order (coalesced pointer events). Returns the changed box. */
  move(points: readonly ImagePoint[]): Rect;
  /** Finish: one op and one undo step. Resolves once it is in the journal on this computer. */
  commit(): Promise<OpReport | null>;
  /** Give every pixel back. */
  cancel(): void;
  readonly isOpen: boolean;
}

/** What an edit did. */
export interface OpReport {
  readonly n: number;
  readonly kind: string;
  readonly nPixels: number;
  readonly rect: Rect;
}

/** What an edit did to many instances. */
export interface ManyReport {
  /** Those that gave pixels. */
  readonly nDone: number;
  /** Those without a pixel in the plane that is shown. */
  readonly nElsewhere: number;
}

/** An edit that is made part by part. */
export interface LongEdit {
  /** Of its ops, or "undo" or "redo". */
  readonly kind: string;
  /** How much of it is made, 0 to 1. */
  readonly part: number;
  /** Too much is unsaved to go on at once. */
  readonly isWaiting: boolean;
  /** Leave it at what is made. */
  stop(): void;
}

/**
 * objects an instance that overlaps an existing one is not accepted
 * pixels  existing pixels stay, the rest is accepted
 * none    the accepted instance takes what it covers
 */
export type Preserve = "objects" | "pixels" | "none";

export interface HistoryState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Kind of the op that undo would take back: "brush", "merge" … */
  readonly undoKind: string | null;
  readonly redoKind: string | null;
}
