/** Areas of similar colour around a pixel, for every tolerance at once. */

import { grow, isEmpty, type Rect } from "../geometry/rect";
import { enclosed } from "./components";
import { boxOfSpans, type Interval } from "./polygon";

/** Pixels as they are shown: four bytes each, row by row. */
export interface Picture {
  readonly box: Rect;
  readonly rgba: Uint8ClampedArray;
}

/** A part of an image: 1 where a pixel belongs to it, row by row. */
export interface Area {
  readonly box: Rect;
  readonly inside: Uint8Array;
  readonly nPixels: number;
}

const LEVELS = 256;
/** Clocks are asked this often only: asking takes longer than a pixel. */
const CLOCK_EVERY = 4096;

/**
 * Pixels in the order in which they join as the tolerance rises.
 *
 * A pixel joins at the smallest tolerance for which a path of pixels (4 neighbours) leads to it
 * whose colours all differ from that of the start by no more, in the channel that differs most.
 * So each tolerance is a beginning of one list, and going back to a smaller one costs nothing.
 */
export class SimilarPixels {
  readonly box: Rect;
  private readonly wide: number;
  private readonly high: number;
  private readonly difference: Uint8Array;
  private readonly isQueued: Uint8Array;
  /** Pixels whose turn comes at a tolerance. */
  private readonly waiting: number[][] = Array.from({ length: LEVELS }, () => []);
  private readonly order: number[] = [];
  /** How many pixels have joined at each tolerance that is done. */
  private readonly ends: number[] = [];
  private readonly mostPixels: number;

  /** @param mostPixels the area stops growing there */
  constructor(picture: Picture, x: number, y: number, mostPixels: number) {
    const { box } = picture;
    this.box = box;
    this.wide = box.x1 - box.x0;
    this.high = box.y1 - box.y0;
    this.mostPixels = mostPixels;
    this.isQueued = new Uint8Array(this.wide * this.high);
    const start = (y - box.y0) * this.wide + (x - box.x0);
    this.difference = differences(picture.rgba, start);
    this.queue(start, 0);
  }

  get isFull(): boolean {
    return this.order.length >= this.mostPixels;
  }

  /** Grow until all of a tolerance have joined; false when the time was over before. */
  growTo(tolerance: number, until = Infinity, now: () => number = Date.now): boolean {
    for (let level = this.ends.length; level <= tolerance; level++) {
      const bucket = this.waiting[level] as number[];
      while (bucket.length > 0 && !this.isFull) {
        this.join(bucket.pop() as number, level);
        if (this.order.length % CLOCK_EVERY === 0 && now() > until) return false;
      }
      this.ends.push(this.order.length);
    }
    return true;
  }

  /** The area at a tolerance that is grown, or as far as it has grown. */
  area(tolerance: number): Area {
    const n = this.ends[Math.min(tolerance, this.ends.length - 1)] ?? this.order.length;
    const inside = new Uint8Array(this.wide * this.high);
    for (let i = 0; i < n; i++) inside[this.order[i] as number] = 1;
    return { box: this.box, inside, nPixels: n };
  }

  private join(at: number, level: number): void {
    this.order.push(at);
    const x = at % this.wide;
    if (x > 0) this.queue(at - 1, level);
    if (x < this.wide - 1) this.queue(at + 1, level);
    if (at >= this.wide) this.queue(at - this.wide, level);
    if (at < this.wide * (this.high - 1)) this.queue(at + this.wide, level);
  }

  private queue(at: number, level: number): void {
    if (this.isQueued[at]) return;
    this.isQueued[at] = 1;
    const joins = Math.max(level, this.difference[at] as number);
    (this.waiting[joins] as number[]).push(at);
  }
}

/** By how much each pixel differs from one, in the channel that differs most. */
function differences(rgba: Uint8ClampedArray, start: number): Uint8Array {
  const found = new Uint8Array(rgba.length >> 2);
  const red = rgba[start * 4] as number;
  const green = rgba[start * 4 + 1] as number;
  const blue = rgba[start * 4 + 2] as number;
  for (let i = 0, at = 0; i < found.length; i++, at += 4) {
    found[i] = Math.max(
      Math.abs((rgba[at] as number) - red),
      Math.abs((rgba[at + 1] as number) - green),
      Math.abs((rgba[at + 2] as number) - blue),
    );
  }
  return found;
}

/** An area with what it encloses: all from where no path of 4 neighbours leads to its box's edge. */
export function withoutHoles({ box, inside }: Area): Area {
  const mask = { width: box.x1 - box.x0, height: box.y1 - box.y0, on: inside };
  const filled = enclosed(mask).map((isHole, at) => isHole | (inside[at] as number));
  return { box, inside: filled, nPixels: filled.reduce((sum, one) => sum + one, 0) };
}

/** The same area in the smallest box, with a pixel of ground on each side; undefined when empty. */
export function cropped({ box, inside, nPixels }: Area): Area | undefined {
  const wide = box.x1 - box.x0;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -1, -1];
  for (let y = 0; y * wide < inside.length; y++) {
    const row = inside.subarray(y * wide, (y + 1) * wide);
    const first = row.indexOf(1);
    if (first < 0) continue;
    x0 = Math.min(x0, first);
    x1 = Math.max(x1, row.lastIndexOf(1));
    y0 = Math.min(y0, y);
    y1 = y;
  }
  if (x1 < 0) return undefined;
  const width = x1 - x0 + 3;
  const result = new Uint8Array(width * (y1 - y0 + 3));
  for (let y = y0; y <= y1; y++) {
    const row = inside.subarray(y * wide + x0, y * wide + x1 + 1);
    result.set(row, (y - y0 + 1) * width + 1);
  }
  const left = box.x0 + x0 - 1;
  const top = box.y0 + y0 - 1;
  const smallest = { x0: left, y0: top, x1: left + width, y1: top + y1 - y0 + 3 };
  return { box: smallest, inside: result, nPixels };
}

/** The rows of an area. */
export function spansOf({ box, inside }: Area): Interval[] {
  const wide = box.x1 - box.x0;
  const spans: Interval[] = [];
  for (let start = 0; start < inside.length; start += wide) {
    const row = inside.subarray(start, start + wide);
    for (let lo = row.indexOf(1); lo >= 0; ) {
      const end = row.indexOf(0, lo);
      const hi = end < 0 ? wide : end;
      spans.push({ y: box.y0 + start / wide, lo: box.x0 + lo, hi: box.x0 + hi });
      lo = hi < wide ? row.indexOf(1, hi) : -1;
    }
  }
  return spans;
}

/** The area that rows cover, in the smallest box with a pixel of ground on each side. */
export function areaOf(spans: readonly Interval[]): Area | undefined {
  const smallest = boxOfSpans(spans);
  if (isEmpty(smallest)) return undefined;
  const box = grow(smallest, 1);
  const wide = box.x1 - box.x0;
  const inside = new Uint8Array(wide * (box.y1 - box.y0));
  let nPixels = 0;
  for (const { y, lo, hi } of spans) {
    const row = (y - box.y0) * wide - box.x0;
    inside.fill(1, row + lo, row + hi);
    nPixels += hi - lo;
  }
  return { box, inside, nPixels };
}
