/** What tools may ask of the shape of an instance. */

import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { OpReport } from "./edit_types";

/** What a command makes of one instance; the kind of its op. */
export type Shaping = "fill-holes" | "smooth" | "keep-largest" | "grow" | "shrink";

export interface ShapeReport extends OpReport {
  /** Pixels that the instance won, and that it lost. */
  readonly nWon: number;
  readonly nLost: number;
  /** In how many pieces the instance is now. */
  readonly nPieces: number;
}

export interface SplitReport extends OpReport {
  readonly newIds: readonly number[];
  /** What told the parts of a split by seeds from each other. */
  readonly by: "line" | "image" | "shape";
}

/** Grey values of a box as shown, in C order; undefined when they are not at hand. */
export type Brightness = (box: Rect) => Uint8Array | undefined;

/** Edits of the shape of an instance on this plane. One op each; other instances lose no pixel. */
export interface ShapeEdits {
  /** Null when nothing changes. @throws EditRefused also when nothing would be left of it */
  reshape(id: number, how: Shaping): Promise<ShapeReport | null>;
  /** Cut along a line; the largest part keeps the id, others get new ids and its class. */
  splitAlong(id: number, path: readonly ImagePoint[]): Promise<SplitReport>;
  /** Divide between two points of one piece, by the image where it tells them apart. */
  splitBetween(
    id: number,
    seeds: readonly [ImagePoint, ImagePoint],
    brightness: Brightness,
  ): Promise<SplitReport>;
  /** Erase the piece of whatever instance is under a point. */
  erasePiece(point: ImagePoint): Promise<ShapeReport & { readonly id: number }>;
  /** Give all pixels of `others` to `keep`. */
  mergeAll(keep: number, others: readonly number[]): Promise<OpReport>;
}
