/** Scanline filling of a polygon by the pixel-centre, even-odd rule. */

import { EMPTY_RECT, type Rect, rect, union } from "../geometry/rect";

export interface Interval {
  readonly y: number;
  readonly lo: number;
  readonly hi: number;
}

/** The half-open intervals of pixels whose centre lies inside, row by row. */
export function polygonSpans(points: readonly { x: number; y: number }[]): Interval[] {
  if (points.length < 3) return [];
  const ys = points.map((p) => p.y);
  const y0 = Math.floor(ys.reduce((a, b) => Math.min(a, b)));
  const y1 = Math.ceil(ys.reduce((a, b) => Math.max(a, b)));
  const spans: Interval[] = [];
  for (let y = y0; y < y1; y++) {
    const crossings = crossingsOf(points, y + 0.5);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      // Centre x + 0.5 in [enter, leave): a shared edge belongs to one of two neighbours only.
      const lo = Math.ceil((crossings[i] as number) - 0.5);
      const hi = Math.ceil((crossings[i + 1] as number) - 0.5);
      if (hi > lo) spans.push({ y, lo, hi });
    }
  }
  return spans;
}

function crossingsOf(points: readonly { x: number; y: number }[], yc: number): number[] {
  const xs: number[] = [];
  let from = points[points.length - 1] as { x: number; y: number };
  for (const to of points) {
    if (from.y <= yc !== to.y <= yc) {
      xs.push(from.x + ((yc - from.y) / (to.y - from.y)) * (to.x - from.x));
    }
    from = to;
  }
  return xs.sort((a, b) => a - b);
}

/** The smallest box around intervals. */
export function boxOfSpans(spans: readonly Interval[]): Rect {
  return spans.reduce((box, { y, lo, hi }) => union(box, rect(lo, y, hi, y + 1)), EMPTY_RECT);
}
