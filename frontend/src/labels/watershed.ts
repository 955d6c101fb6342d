/**
 * Dividing a mask between two seeds by flooding a landscape from both.
 *
 * The flooding by levels is Meyer's (1991) with a queue per level; where the landscape is flat the
 * nearer seed wins.
 */

import { type Mask, neighbours } from "./components";

const LEVELS = 256;
/** Darker or brighter than the rest of the object by less says nothing. */
const SMALLEST_CONTRAST = 3;

/**
 * Give each pixel of the mask that hangs together with a seed the seed's number, from 1.
 *
 * What lies lower than the highest seed counts as flat: a seed set at the rim of a basin gets its
 * share, too, and not only what the others have left.
 */
export function watershed(mask: Mask, landscape: Uint8Array, seeds: readonly number[]): Uint8Array {
  const owner = new Uint8Array(mask.on.length);
  const queues: number[][] = Array.from({ length: LEVELS }, () => []);
  let level = Math.max(...seeds.map((seed) => landscape[seed] as number));
  const take = (i: number, who: number) => {
    if (!mask.on[i] || owner[i]) return;
    owner[i] = who;
    (queues[Math.max(level, landscape[i] as number)] as number[]).push(i);
  };
  seeds.forEach((seed, at) => {
    take(seed, at + 1);
  });
  for (; level < LEVELS; level++) {
    const queue = queues[level] as number[];
    // It grows while it is read: first come, first served.
    for (let at = 0; at < queue.length; at++) {
      const i = queue[at] as number;
      neighbours(i, mask, 8, (j) => take(j, owner[i] as number));
    }
    queues[level] = [];
  }
  return owner;
}

/** Low far from the edge of the mask: necks become ridges. Where the box ends there is no edge. */
export function depthLandscape(mask: Mask): Uint8Array {
  const depth = chamfer(mask);
  const most = depth.reduce((a, b) => Math.max(a, b), 1);
  return Uint8Array.from(depth, (d) => 255 - Math.round((255 * d) / most));
}

const SIDE = 3;
const CORNER = 4;

/** Distance to the nearest pixel that is off, about three to a pixel (Borgefors 1986). */
function chamfer({ width, height, on }: Mask): Int32Array {
  const far = SIDE * (width + height);
  const distance = Int32Array.from(on, (isOn) => (isOn ? far : 0));
  const relax = (i: number, x: number, y: number, by: -1 | 1) => {
    const row = i + by * width;
    const hasRow = by < 0 ? y > 0 : y < height - 1;
    const step = (isThere: boolean, j: number, cost: number) => {
      if (isThere) distance[i] = Math.min(distance[i] as number, (distance[j] as number) + cost);
    };
    step(by < 0 ? x > 0 : x < width - 1, i + by, SIDE);
    step(hasRow, row, SIDE);
    step(hasRow && x > 0, row - 1, CORNER);
    step(hasRow && x < width - 1, row + 1, CORNER);
  };
  for (let i = 0; i < on.length; i++) relax(i, i % width, Math.floor(i / width), -1);
  for (let i = on.length - 1; i >= 0; i--) relax(i, i % width, Math.floor(i / width), 1);
  return distance;
}

/**
 * Low where the image is like the seeds, whether those are bright or dark, and far from the edge of
 * the mask, each for a half: noise alone is no ridge. Undefined when the seeds are like the rest.
 */
export function brightnessLandscape(
  mask: Mask,
  grey: Uint8Array,
  seeds: readonly number[],
): Uint8Array | undefined {
  const calm = blur(blur(grey, mask), mask);
  const inside = calm.filter((_, i) => mask.on[i] === 1);
  const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  const ofSeeds = seeds.reduce((sum, seed) => sum + (calm[seed] as number), 0) / seeds.length;
  const contrast = ofSeeds - mean;
  if (!(Math.abs(contrast) >= SMALLEST_CONTRAST)) return undefined;
  const lowest = inside.reduce((a, b) => Math.min(a, b), 255);
  const highest = inside.reduce((a, b) => Math.max(a, b), 0);
  const depth = depthLandscape(mask);
  return depth.map((level, i) => {
    const value = mask.on[i] ? (calm[i] as number) : lowest;
    const unlike = (contrast > 0 ? highest - value : value - lowest) / (highest - lowest);
    return Math.round((255 * unlike + level) / 2);
  });
}

/** The mean of 5 x 5 pixels, fewer where the box ends. */
function blur(values: Uint8Array, { width, height }: Mask): Uint8Array {
  const rows = sweep(values, height, width, width, 1);
  return sweep(rows, width, height, 1, width);
}

/** The mean of five along lines of the box. */
function sweep(
  values: Uint8Array,
  nLines: number,
  length: number,
  lineStep: number,
  step: number,
): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let line = 0; line < nLines; line++) {
    for (let at = 0; at < length; at++) {
      const [from, to] = [Math.max(0, at - 2), Math.min(length - 1, at + 2)];
      let sum = 0;
      for (let k = from; k <= to; k++) sum += values[line * lineStep + k * step] as number;
      out[line * lineStep + at * step] = Math.round(sum / (to - from + 1));
    }
  }
  return out;
}
