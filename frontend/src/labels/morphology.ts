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
  const wanted = on.map((isOn, i) => {
    if (!isOn && !free[i]) return 0;
    return isMostly(mask, i) ? 1 : 0;
  });
  const removed = { width, height, on: on.map((isOn, i) => (isOn && !wanted[i] ? 1 : 0)) };
  const joined = { width, height, on: rejoin({ width, height, on: wanted }, removed) };
  return keepLargest(joined);
}

const DISK = Array.from(
  { length: 25 },
  (_, i) => [(i % 5) - 2, Math.floor(i / 5) - 2] as const,
).filter(([dx, dy]) => dx * dx + dy * dy <= 5);

/** Pixels outside of the box count as the nearest one in it. */
function isMostly({ width, height, on }: Mask, i: number): boolean {
  const y = Math.floor(i / width);
  const x = i - y * width;
  let nOn = 0;
  for (const [dx, dy] of DISK) {
    const nx = Math.min(width - 1, Math.max(0, x + dx));
    const ny = Math.min(height - 1, Math.max(0, y + dy));
    nOn += on[ny * width + nx] as number;
  }
  return 2 * nOn > DISK.length;
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
