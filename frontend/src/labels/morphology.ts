/**
 * New shapes of one object. Each function takes the object's mask in a box and gives a new one.
 *
 * Where the box ends the image ends, or background begins: no object recedes from the image's edge.
 * `free` is 1 where the object may grow: background, never another object.
 */

import { components, enclosed, largestOf, type Mask, neighbours } from "./components";

/** Pixels around a box that each rule looks at. */
export const SHAPE_MARGIN = 2;

/** Background that the object surrounds becomes its own. */
export function fillHoles(mask: Mask, free: Uint8Array): Uint8Array {
  const holes = enclosed(mask);
  return mask.on.map((isOn, i) => (isOn || (holes[i] && free[i]) ? 1 : 0));
}

/** Only the largest of the pieces. */
export function keepLargest(mask: Mask): Uint8Array {
  const found = components(mask);
  const largest = largestOf(found);
  return mask.on.map((isOn, i) => (isOn && found.of[i] === largest ? 1 : 0));
}

/** Also the free pixels that have one of the object at a side. */
export function growOne(mask: Mask, free: Uint8Array): Uint8Array {
  return mask.on.map((isOn, i) => (isOn || (free[i] && sidesOn(mask, i, 1)) ? 1 : 0));
}

/** Without the pixels that have another one, or background, at a side. */
export function shrinkOne(mask: Mask): Uint8Array {
  return mask.on.map((isOn, i) => (isOn && !sidesOn(mask, i, 0) ? 1 : 0));
}

/** Whether any pixel at a side is on (or off). */
function sidesOn(mask: Mask, i: number, wanted: 0 | 1): boolean {
  const { width, height, on } = mask;
  const x = i % width;
  return (
    (x > 0 && on[i - 1] === wanted) ||
    (x < width - 1 && on[i + 1] === wanted) ||
    (i >= width && on[i - width] === wanted) ||
    (i < width * (height - 1) && on[i + width] === wanted)
  );
}

/**
 * A pixel is the object's when more than half of the disk around it (5 wide, without its corners)
 * is; what then fell apart is held together by the parts taken away between the pieces.
 *
 * One piece is left, of an object in several pieces the largest; none when all of it is thin.
 */
export function smooth(mask: Mask, free: Uint8Array): Uint8Array {
  const { width, height, on } = mask;
  const mostly = mostlyOn(mask);
  const wanted = on.map((isOn, i) => ((isOn || free[i]) && mostly[i] ? 1 : 0));
  const removed = { width, height, on: on.map((isOn, i) => (isOn && !wanted[i] ? 1 : 0)) };
  const joined = { width, height, on: rejoin({ width, height, on: wanted }, removed) };
  return keepLargest(joined);
}

/** 11 of the disk's 21 pixels. */
const MAJORITY = 11;

/** Whether most of the disk around each pixel is on; outside of the box the nearest in it counts. */
function mostlyOn({ width, height, on }: Mask): Uint8Array {
  const three = new Uint8Array(on.length);
  const five = new Uint8Array(on.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const last = row + width - 1;
    for (let i = row; i <= last; i++) {
      const inner =
        (on[Math.max(row, i - 1)] as number) +
        (on[i] as number) +
        (on[Math.min(last, i + 1)] as number);
      three[i] = inner;
      five[i] =
        inner + (on[Math.max(row, i - 2)] as number) + (on[Math.min(last, i + 2)] as number);
    }
  }
  const out = new Uint8Array(on.length);
  for (let y = 0; y < height; y++) {
    const at = (dy: number) => Math.min(height - 1, Math.max(0, y + dy)) * width;
    const [a, b, c, d, e] = [at(-2), at(-1), at(0), at(1), at(2)] as const;
    for (let x = 0; x < width; x++) {
      const n =
        (three[a + x] as number) +
        (five[b + x] as number) +
        (five[c + x] as number) +
        (five[d + x] as number) +
        (three[e + x] as number);
      out[c + x] = n >= MAJORITY ? 1 : 0;
    }
  }
  return out;
}

/** Put back each removed part that touches two pieces or more. */
function rejoin(mask: Mask, removed: Mask): Uint8Array {
  const pieces = components(mask);
  if (pieces.sizes.length <= 2) return mask.on;
  const parts = components(removed);
  const touched = parts.sizes.map(() => new Set<number>());
  parts.of.forEach((part, i) => {
    if (part === 0) return;
    neighbours(i, mask, 8, (j) => {
      if (pieces.of[j]) touched[part]?.add(pieces.of[j] as number);
    });
  });
  return mask.on.map((isOn, i) => {
    const part = parts.of[i] as number;
    return isOn || (part && (touched[part] as Set<number>).size > 1) ? 1 : 0;
  });
}
