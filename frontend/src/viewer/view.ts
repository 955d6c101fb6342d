/** What part of the image is on screen, and how large. */
import type { Affine } from "../geometry/affine";
import type { Rect } from "../geometry/rect";

/** The view of one drawn frame. */
export interface View {
  /** Image pixels to CSS pixels of the stage. */
  readonly toScreen: Affine;
  readonly toImage: Affine;
  /** CSS pixels per image pixel. */
  readonly scale: number;
  /** Whole image pixels on screen, cut to the image. */
  readonly visible: Rect;
  /** Size of the stage in CSS pixels. */
  readonly width: number;
  readonly height: number;
}
