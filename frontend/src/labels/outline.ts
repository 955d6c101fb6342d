/** Outlines along pixel edges: of the brush (exactly what it would paint) and of instances. */

import type { Rect } from "../geometry/rect";
import { capsuleSpans, newSpans } from "./capsule";

/**
 * Corners of the closed outline of the pixels a brush covers, as x, y, x, y … in image pixels.
 * Empty when the brush is so small that it covers no pixel centre.
 */
export function brushOutline(centre: { x: number; y: number }, radius: number): Int32Array {
  const spans = capsuleSpans(centre, centre, radius, newSpans());
  const right: number[] = [];
  const left: number[] = [];
  for (let row = 0; row < spans.rows; row++) {
    const lo = spans.lo[row] as number;
    const hi = spans.hi[row] as number;
    if (hi <= lo) continue;
    const y = spans.y0 + row;
    right.push(hi, y, hi, y + 1);
    left.push(lo, y + 1, lo, y);
  }
  // Down the right side, then back up the left one.
  for (let i = left.length - 4; i >= 0; i -= 4) {
    right.push(left[i] as number, left[i + 1] as number);
    right.push(left[i + 2] as number, left[i + 3] as number);
  }
  return Int32Array.from(right);
}

/**
 * Lines between pixels of a box that are not the same, joined where straight: x0, y0, x1, y1 each.
 *
 * Pixels around the box are asked for too: its own edge is a line where they differ.
 */
export function edgeLines(pixelAt: (x: number, y: number) => number, box: Rect): number[] {
  const lines: number[] = [];
  for (let y = box.y0; y <= box.y1; y++) {
    sweep(
      box.x0,
      box.x1,
      (x) => pixelAt(x, y) !== pixelAt(x, y - 1),
      (from, to) => lines.push(from, y, to, y),
    );
  }
  for (let x = box.x0; x <= box.x1; x++) {
    sweep(
      box.y0,
      box.y1,
      (y) => pixelAt(x, y) !== pixelAt(x - 1, y),
      (from, to) => lines.push(x, from, x, to),
    );
  }
  return lines;
}

/** Join neighbouring unit edges into one line. */
function sweep(
  from: number,
  to: number,
  isEdge: (at: number) => boolean,
  emit: (from: number, to: number) => void,
): void {
  let start = -1;
  for (let at = from; at < to; at++) {
    if (isEdge(at)) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      emit(start, at);
      start = -1;
    }
  }
  if (start >= 0) emit(start, to);
}
