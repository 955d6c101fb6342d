/** When a box is seen well, and how far to zoom where it is not. */
import { height, type Rect, width } from "../geometry/rect";
import type { View } from "./view";

/** An object that is smaller on screen cannot be judged. */
const SMALLEST_PX = 40;
/** Nearer to the edge than this part of the screen it may be cut. */
const MARGIN = 0.05;
/** It may take up this much of the screen's shorter side; after zooming it takes up so much. */
const LARGEST_PART = 0.8;
const WANTED_PART = 0.35;
const LARGEST_SCALE = 8;

export function middleOf(box: Rect): { readonly x: number; readonly y: number } {
  return { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
}

/** In CSS pixels, the longer side. */
const sizeOnScreen = (box: Rect, { scale }: View) => Math.max(width(box), height(box), 1) * scale;

/** Whether a box is well inside the screen, and large enough to be judged. */
export function isSeenWell(box: Rect, view: View): boolean {
  const { scale, toScreen } = view;
  const { x, y } = middleOf(box);
  const half = sizeOnScreen(box, view) / 2;
  const isWithin = (at: number, length: number) =>
    Math.abs(at - length / 2) + half < length * (0.5 - MARGIN);
  return (
    isWithin(x * scale + toScreen.e, view.width) &&
    isWithin(y * scale + toScreen.f, view.height) &&
    2 * half >= SMALLEST_PX
  );
}

/** The scale at which a box can be judged; undefined where the present one will do. */
export function scaleToSee(box: Rect, view: View): number | undefined {
  const room = Math.min(view.width, view.height);
  const size = sizeOnScreen(box, view);
  if (size >= SMALLEST_PX && size <= room * LARGEST_PART) return undefined;
  return Math.min(LARGEST_SCALE, (room * WANTED_PART) / Math.max(width(box), height(box), 1));
}
