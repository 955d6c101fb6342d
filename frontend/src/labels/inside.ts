/** How much of an object lies inside what a person drew around many: a box, or a lasso. */

import type { ImagePoint } from "../geometry/points";
import { around, height, intersect, isEmpty, type Rect, width } from "../geometry/rect";
import { type Interval, polygonSpans } from "./polygon";

export interface Enclosure {
  /** Nothing outside of it is inside of the area. */
  readonly bounds: Rect;
  /** The part (0 to 1) of a box's pixels that is inside. */
  partOf(box: Rect): number;
}

/** An object is taken when at least this part of its box is inside. */
export const INSIDE_FROM = 0.5;

const sizeOf = (box: Rect) => width(box) * height(box);

export function boxEnclosure(bounds: Rect): Enclosure {
  return {
    bounds,
    partOf: (box) => (isEmpty(box) ? 0 : sizeOf(intersect(box, bounds)) / sizeOf(box)),
  };
}

/** What a closed line goes around, by the even-odd rule. */
export function lassoEnclosure(points: readonly ImagePoint[]): Enclosure {
  const rows = new Map<number, Interval[]>();
  for (const span of polygonSpans(points)) {
    const row = rows.get(span.y);
    if (row) row.push(span);
    else rows.set(span.y, [span]);
  }
  return {
    bounds: around(points, 0),
    partOf(box) {
      if (isEmpty(box)) return 0;
      let inside = 0;
      for (let y = box.y0; y < box.y1; y++) {
        for (const { lo, hi } of rows.get(y) ?? []) {
          inside += Math.max(0, Math.min(hi, box.x1) - Math.max(lo, box.x0));
        }
      }
      return inside / sizeOf(box);
    },
  };
}
