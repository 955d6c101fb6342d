/**
 * Which pixels a round brush covers when it moves along a straight line: a capsule.
 *
 * A pixel belongs to it when its *centre* is at most the radius away from the line. The set is
 * convex, so every row of it is one interval.
 */

/** One interval [lo, hi) per row, starting at row y0; empty rows have hi <= lo. Reused. */
export interface Spans {
  y0: number;
  rows: number;
  lo: Int32Array;
  hi: Int32Array;
}

export function newSpans(): Spans {
  return { y0: 0, rows: 0, lo: new Int32Array(256), hi: new Int32Array(256) };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Squared distance of (x, y) from the line between a and b. */
export function distanceSquared(x: number, y: number, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const lengthSquared = dx * dx + dy * dy;
  let t = 0;
  if (lengthSquared > 0) {
    t = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / lengthSquared));
  }
  const [ex, ey] = [x - (a.x + t * dx), y - (a.y + t * dy)];
  return ex * ex + ey * ey;
}

/** Write the capsule's rows into `out`; its arrays grow when needed. */
export function capsuleSpans(a: Point, b: Point, radius: number, out: Spans): Spans {
  const y0 = Math.floor(Math.min(a.y, b.y) - radius - 0.5);
  const y1 = Math.ceil(Math.max(a.y, b.y) + radius + 0.5);
  reserve(out, y1 - y0);
  out.y0 = y0;
  out.rows = y1 - y0;
  for (let row = 0; row < out.rows; row++) writeRow(a, b, radius, y0 + row, row, out);
  return out;
}

function reserve(out: Spans, rows: number): void {
  if (out.lo.length >= rows) return;
  out.lo = new Int32Array(rows * 2);
  out.hi = new Int32Array(rows * 2);
}

function writeRow(a: Point, b: Point, radius: number, y: number, row: number, out: Spans): void {
  const yc = y + 0.5;
  // Slightly too wide on purpose: the ends are then settled by the exact test.
  const r = radius + 1e-9 * (1 + radius);
  let left = Infinity;
  let right = -Infinity;
  for (const end of [a, b]) {
    const rise = yc - end.y;
    const half = r * r - rise * rise;
    if (half < 0) continue;
    const reach = Math.sqrt(half);
    left = Math.min(left, end.x - reach);
    right = Math.max(right, end.x + reach);
  }
  const band = bandInterval(a, b, r, yc);
  if (band) {
    left = Math.min(left, band[0]);
    right = Math.max(right, band[1]);
  }
  out.lo[row] = 0;
  out.hi[row] = 0;
  if (left > right) return;
  settle(a, b, radius * radius, yc, left, right, row, out);
}

/** Where row yc crosses the rectangle between the two end disks. */
function bandInterval(a: Point, b: Point, r: number, yc: number): [number, number] | null {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = Math.hypot(dx, dy);
  if (length === 0) return null;
  const [ux, uy] = [dx / length, dy / length];
  const rise = yc - a.y;
  // Across: |(x - ax) * -uy + rise * ux| <= r. Along: 0 <= (x - ax) * ux + rise * uy <= length.
  const across = slab(-uy, rise * ux, -r, r);
  const along = slab(ux, rise * uy, 0, length);
  if (!across || !along) return null;
  const left = Math.max(across[0], along[0]);
  const right = Math.min(across[1], along[1]);
  return left <= right ? [a.x + left, a.x + right] : null;
}

/** The x with low <= slope * x + offset <= high. */
function slab(slope: number, offset: number, low: number, high: number): [number, number] | null {
  if (Math.abs(slope) < 1e-12) {
    return offset >= low && offset <= high ? [-Infinity, Infinity] : null;
  }
  const [p, q] = [(low - offset) / slope, (high - offset) / slope];
  return p < q ? [p, q] : [q, p];
}

/** Turn real ends into whole pixels by the distance test itself, so no rounding can differ. */
function settle(
  a: Point,
  b: Point,
  rSquared: number,
  yc: number,
  left: number,
  right: number,
  row: number,
  out: Spans,
): void {
  let lo = Math.floor(left - 0.5);
  let hi = Math.ceil(right - 0.5);
  while (lo <= hi && distanceSquared(lo + 0.5, yc, a, b) > rSquared) lo++;
  while (hi >= lo && distanceSquared(hi + 0.5, yc, a, b) > rSquared) hi--;
  out.lo[row] = lo;
  out.hi[row] = hi + 1;
}
