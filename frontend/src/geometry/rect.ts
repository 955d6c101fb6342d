/** Half-open boxes of whole image pixels: x0 <= x < x1, y0 <= y < y1. */

import type { ImagePoint } from "./points";

export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export const EMPTY_RECT: Rect = { x0: 0, y0: 0, x1: 0, y1: 0 };

export function rect(x0: number, y0: number, x1: number, y1: number): Rect {
  return { x0, y0, x1, y1 };
}

export function isEmpty(box: Rect): boolean {
  return box.x1 <= box.x0 || box.y1 <= box.y0;
}

export function width(box: Rect): number {
  return Math.max(0, box.x1 - box.x0);
}

export function height(box: Rect): number {
  return Math.max(0, box.y1 - box.y0);
}

export function contains(box: Rect, x: number, y: number): boolean {
  return x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;
}

export function intersect(a: Rect, b: Rect): Rect {
  const box = rect(
    Math.max(a.x0, b.x0),
    Math.max(a.y0, b.y0),
    Math.min(a.x1, b.x1),
    Math.min(a.y1, b.y1),
  );
  return isEmpty(box) ? EMPTY_RECT : box;
}

/** The smallest box around both; an empty box adds nothing. */
export function union(a: Rect, b: Rect): Rect {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return rect(
    Math.min(a.x0, b.x0),
    Math.min(a.y0, b.y0),
    Math.max(a.x1, b.x1),
    Math.max(a.y1, b.y1),
  );
}

/** Grown by `by` pixels on every side. */
export function grow(box: Rect, by: number): Rect {
  return rect(box.x0 - by, box.y0 - by, box.x1 + by, box.y1 + by);
}

/** Whole pixels that lie within `radius` of any of the points. */
export function around(points: readonly ImagePoint[], radius: number): Rect {
  if (points.length === 0) return EMPTY_RECT;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return rect(
    Math.floor(x0 - radius),
    Math.floor(y0 - radius),
    Math.ceil(x1 + radius),
    Math.ceil(y1 + radius),
  );
}
