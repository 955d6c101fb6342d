/** Dividing one object: along a line, or between what two seeds reached. */

import { capsuleSpans, newSpans } from "./capsule";
import { components, type Mask, neighbours } from "./components";

/** No two neighbours, diagonal ones neither, lie on both sides of a line that is this thick. */
const CUT_RADIUS = Math.SQRT1_2 + 1e-6;
/** Fewer pixels beside a much larger part are crumbs at the rim of the cut. */
const SMALLEST_PART = 5;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** 1 for the pixels of the mask under a line; the points count from the corner of the box. */
export function underLine(mask: Mask, path: readonly Point[]): Uint8Array {
  const { width, height, on } = mask;
  const cut = new Uint8Array(on.length);
  const spans = newSpans();
  path.forEach((point, at) => {
    capsuleSpans(path[Math.max(0, at - 1)] as Point, point, CUT_RADIUS, spans);
    for (let row = 0; row < spans.rows; row++) {
      const y = spans.y0 + row;
      if (y < 0 || y >= height) continue;
      const lo = Math.max(0, spans.lo[row] as number);
      const hi = Math.min(width, spans.hi[row] as number);
      for (let x = lo; x < hi; x++) cut[y * width + x] = on[y * width + x] as number;
    }
  });
  return cut;
}

/**
 * Divide a mask along a line.
 *
 * @returns for each pixel 0 where nothing changes (the largest part, and pieces that the line does
 *   not touch), else the number of its new part from 1, larger ones first; undefined when the line
 *   leaves every piece whole
 */
export function partsByLine(mask: Mask, path: readonly Point[]): Int32Array | undefined {
  const cut = underLine(mask, path);
  const whole = components(mask);
  const left = { ...mask, on: mask.on.map((isOn, i) => (isOn && !cut[i] ? 1 : 0)) };
  const parts = components(left);
  const numbers = numbered(parts.sizes, ownerOf(parts.of, whole.of, parts.sizes.length));
  if (numbers.every((one) => one <= 0)) return undefined;
  return nearest(
    mask,
    parts.of.map((part) => (part ? (numbers[part] as number) : CRUMB)),
  );
}

/** Stands for pixels that go to the nearest part. */
const CRUMB = -1;

/** The piece of the whole that each part was a part of. */
function ownerOf(parts: Int32Array, whole: Int32Array, nParts: number): Int32Array {
  const owner = new Int32Array(nParts);
  parts.forEach((part, i) => {
    if (part) owner[part] = whole[i] as number;
  });
  return owner;
}

/** What each part becomes: 0 the largest of its piece, 1, 2 … the others, or a crumb. */
function numbered(sizes: readonly number[], owner: Int32Array): number[] {
  const order = sizes.map((_, part) => part).slice(1);
  order.sort((p, q) => (sizes[q] as number) - (sizes[p] as number) || p - q);
  const numbers = sizes.map(() => CRUMB);
  const largest = new Map<number, number>();
  let next = 1;
  for (const part of order) {
    const piece = owner[part] as number;
    const size = sizes[part] as number;
    const most = largest.get(piece);
    if (most === undefined) {
      largest.set(piece, size);
      numbers[part] = 0;
    } else if (size >= SMALLEST_PART || size * 10 >= most) {
      numbers[part] = next++;
    }
  }
  return numbers;
}

/** Give crumbs and cut pixels to the part that reaches them first over 8 neighbours. */
function nearest(mask: Mask, numbers: Int32Array): Int32Array {
  const out = new Int32Array(numbers.length);
  const known = new Uint8Array(numbers.length);
  numbers.forEach((number, i) => {
    if (!mask.on[i] || number === CRUMB) return;
    out[i] = number;
    known[i] = 1;
  });
  let front: number[] = [];
  numbers.forEach((_, i) => {
    if (!mask.on[i] || known[i]) return;
    neighbours(i, mask, 8, (j) => {
      if (known[j]) front.push(j);
    });
  });
  while (front.length > 0) {
    const reached: number[] = [];
    for (const i of front) {
      neighbours(i, mask, 8, (j) => {
        if (!mask.on[j] || known[j]) return;
        known[j] = 1;
        out[j] = out[i] as number;
        reached.push(j);
      });
    }
    front = reached;
  }
  return out;
}
