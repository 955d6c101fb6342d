/** Bounded flood fill: which pixels of one label hang together (4 neighbours) around a pixel. */

import { contains, type Rect } from "../geometry/rect";
import type { Interval } from "./polygon";

export type LabelAt = (x: number, y: number) => number | undefined;

export type Flood =
  | { readonly ok: true; readonly spans: Interval[]; readonly nPixels: number }
  | { readonly ok: false; readonly why: "outside" | "not-loaded" | "too-large" | "open" };

export interface FloodLimits {
  /** Where to look; reaching its edge means that the area is open … */
  readonly bounds: Rect;
  /** … except where the edge is the image's own; but from one side of it to the other is open too. */
  readonly image: Rect;
  readonly maxPixels: number;
}

/** Fill from (x, y) over pixels that carry the same label as it. */
export function flood(x: number, y: number, labelAt: LabelAt, limits: FloodLimits): Flood {
  const { bounds } = limits;
  if (!contains(bounds, x, y)) return { ok: false, why: "outside" };
  const target = labelAt(x, y);
  if (target === undefined) return { ok: false, why: "not-loaded" };
  const wide = bounds.x1 - bounds.x0;
  const seen = new Uint8Array(wide * (bounds.y1 - bounds.y0));
  const at = (px: number, py: number) => (py - bounds.y0) * wide + (px - bounds.x0);
  const spans: Interval[] = [];
  const stack: number[] = [x, y];
  let nPixels = 0;
  while (stack.length > 0) {
    const py = stack.pop() as number;
    const px = stack.pop() as number;
    if (seen[at(px, py)] || labelAt(px, py) !== target) continue;
    let lo = px;
    while (lo > bounds.x0 && labelAt(lo - 1, py) === target) lo--;
    let hi = px + 1;
    while (hi < bounds.x1 && labelAt(hi, py) === target) hi++;
    if (leaks(lo, hi, py, limits)) return { ok: false, why: "open" };
    nPixels += hi - lo;
    if (nPixels > limits.maxPixels) return { ok: false, why: "too-large" };
    seen.fill(1, at(lo, py), at(hi - 1, py) + 1);
    spans.push({ y: py, lo, hi });
    for (const next of [py - 1, py + 1]) {
      if (next >= bounds.y0 && next < bounds.y1) seeds(lo, hi, next, target, labelAt, stack);
    }
  }
  return crosses(spans, limits.image) ? { ok: false, why: "open" } : { ok: true, spans, nPixels };
}

/** Whether an area reaches from one side of the image to the opposite one, as open ground does. */
function crosses(spans: readonly Interval[], { x0, y0, x1, y1 }: Rect): boolean {
  const reaches = (isThere: (span: Interval) => boolean) => spans.some(isThere);
  return (
    (reaches(({ lo }) => lo === x0) && reaches(({ hi }) => hi === x1)) ||
    (reaches(({ y }) => y === y0) && reaches(({ y }) => y === y1 - 1))
  );
}

/** One seed for every stretch of `target` in the row above or below. */
function seeds(
  lo: number,
  hi: number,
  y: number,
  target: number,
  labelAt: LabelAt,
  stack: number[],
): void {
  let inside = false;
  for (let x = lo; x < hi; x++) {
    const same = labelAt(x, y) === target;
    if (same && !inside) stack.push(x, y);
    inside = same;
  }
}

function leaks(lo: number, hi: number, y: number, { bounds, image }: FloodLimits): boolean {
  return (
    (lo === bounds.x0 && lo > image.x0) ||
    (hi === bounds.x1 && hi < image.x1) ||
    (y === bounds.y0 && y > image.y0) ||
    (y === bounds.y1 - 1 && y < image.y1 - 1)
  );
}
