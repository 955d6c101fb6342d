/** The pixels of one open stroke: painted at once, with copies of what was there before. */

import type { ImagePoint } from "../geometry/points";
import { EMPTY_RECT, intersect, isEmpty, type Rect, rect, union } from "../geometry/rect";
import { capsuleSpans, newSpans, type Spans } from "../labels/capsule";
import {
  CHUNK,
  CHUNK_PIXELS,
  type ChunkKey,
  type ChunkMap,
  chunkCol,
  chunkRow,
} from "../labels/chunks";
import { type PaintRule, paintRow } from "../labels/paint";
import type { Interval } from "../labels/polygon";
import { type Edit, extractRuns, type Runs, RunsBuilder } from "../labels/runs";

// Chunks are copied in bands of rows, and into arrays that are used again: copying a whole chunk
// into fresh memory takes milliseconds on a busy machine, in the middle of a stroke.
const BAND = 32;
const SPARE_LIMIT = 16;
const spare: Uint32Array[] = [];

interface Touched {
  /** What was there before the stroke; only the bands in `copied` are filled. */
  readonly before: Uint32Array;
  /** One bit per band. */
  copied: number;
  readonly labels: Uint32Array;
  readonly x: number;
  readonly y: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export class StrokePainter {
  private readonly chunks: ChunkMap;
  private readonly bounds: Rect;
  private readonly rule: PaintRule;
  private readonly radius: number;
  private readonly onMissing: (key: ChunkKey) => void;
  private readonly touched = new Map<ChunkKey, Touched>();
  // Rows that fell on chunks which are not loaded: y, x0, x1, …
  private readonly waiting = new Map<ChunkKey, number[]>();
  private readonly spans: Spans = newSpans();
  private last: ImagePoint | null = null;
  private lastKey: ChunkKey = -1;
  private lastTouched: Touched | null = null;

  /** @param onMissing told once per chunk that is painted on before it is loaded */
  constructor(
    chunks: ChunkMap,
    bounds: Rect,
    rule: PaintRule,
    radius: number,
    onMissing: (key: ChunkKey) => void,
  ) {
    this.chunks = chunks;
    this.bounds = bounds;
    this.rule = rule;
    this.radius = radius;
    this.onMissing = onMissing;
  }

  get missing(): ChunkKey[] {
    return [...this.waiting.keys()];
  }

  touches(key: ChunkKey): boolean {
    return this.touched.has(key);
  }

  /** Paint from the last point over these; returns the box painted on. */
  move(points: readonly ImagePoint[]): Rect {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const point of points) {
      const spans = capsuleSpans(this.last ?? point, point, this.radius, this.spans);
      this.last = point;
      for (let row = 0; row < spans.rows; row++) {
        const y = spans.y0 + row;
        const lo = spans.lo[row] as number;
        const hi = spans.hi[row] as number;
        if (hi <= lo) continue;
        this.row(y, lo, hi);
        x0 = Math.min(x0, lo);
        x1 = Math.max(x1, hi);
        y0 = Math.min(y0, y);
        y1 = Math.max(y1, y + 1);
      }
    }
    return x0 < x1 ? intersect(rect(x0, y0, x1, y1), this.bounds) : EMPTY_RECT;
  }

  /** Paint whole intervals (fill, lasso). */
  paint(intervals: readonly Interval[]): void {
    for (const { y, lo, hi } of intervals) this.row(y, lo, hi);
  }

  private row(y: number, lo: number, hi: number): void {
    const { bounds } = this;
    if (y < bounds.y0 || y >= bounds.y1) return;
    const from = Math.max(lo, bounds.x0);
    const to = Math.min(hi, bounds.x1);
    if (from < to) paintRow(y, from, to, this.rule, this.writable);
  }

  private readonly writable = (key: ChunkKey, x0: number, y: number, x1: number) => {
    const touched = key === this.lastKey ? this.lastTouched : this.touch(key);
    if (!touched) {
      this.wait(key, x0, y, x1);
      return undefined;
    }
    this.lastKey = key;
    this.lastTouched = touched;
    if (x0 < touched.x0) touched.x0 = x0;
    if (x1 > touched.x1) touched.x1 = x1;
    if (y < touched.y0) touched.y0 = y;
    if (y >= touched.y1) touched.y1 = y + 1;
    const band = Math.floor((y - touched.y) / BAND);
    if ((touched.copied & (1 << band)) === 0) copyBand(touched, band);
    return touched.labels;
  };

  private touch(key: ChunkKey): Touched | null {
    const known = this.touched.get(key);
    if (known) return known;
    const labels = this.chunks.writable(key);
    if (!labels) return null;
    const touched: Touched = {
      before: spare.pop() ?? new Uint32Array(CHUNK_PIXELS),
      copied: 0,
      labels,
      x: chunkCol(key) * CHUNK,
      y: chunkRow(key) * CHUNK,
      x0: Infinity,
      y0: Infinity,
      x1: -Infinity,
      y1: -Infinity,
    };
    this.touched.set(key, touched);
    return touched;
  }

  private wait(key: ChunkKey, x0: number, y: number, x1: number): void {
    const rows = this.waiting.get(key);
    if (rows) {
      rows.push(y, x0, x1);
      return;
    }
    this.waiting.set(key, [y, x0, x1]);
    this.onMissing(key);
  }

  /** A missing chunk has arrived: paint what waited for it. */
  arrived(key: ChunkKey): boolean {
    const rows = this.waiting.get(key);
    if (!rows || !this.chunks.has(key)) return false;
    this.waiting.delete(key);
    for (let i = 0; i < rows.length; i += 3) {
      this.row(rows[i] as number, rows[i + 1] as number, rows[i + 2] as number);
    }
    return true;
  }

  /** What the stroke has changed so far. */
  edit(): Edit {
    const edit = new Map<ChunkKey, Runs>();
    for (const [key, t] of this.touched) {
      if (t.x0 >= t.x1) continue;
      const runs = new RunsBuilder();
      for (const band of bandsOf(t)) {
        const rows = rect(t.x0 - t.x, band * BAND, t.x1 - t.x, (band + 1) * BAND);
        extractRuns(t.before, t.labels, rows, runs);
      }
      if (!runs.isEmpty) edit.set(key, runs.build());
    }
    return edit;
  }

  /** Start counting anew from the present pixels: what was painted became an op. */
  cut(): void {
    for (const { before } of this.touched.values()) {
      if (spare.length < SPARE_LIMIT) spare.push(before);
    }
    this.touched.clear();
    this.lastKey = -1;
    this.lastTouched = null;
  }

  /** Put everything back; returns the box. */
  restore(): Rect {
    let box = EMPTY_RECT;
    for (const t of this.touched.values()) {
      for (const band of bandsOf(t)) {
        const from = band * BAND * CHUNK;
        t.labels.set(t.before.subarray(from, from + BAND * CHUNK), from);
      }
      const changed = rect(t.x0, t.y0, t.x1, t.y1);
      if (!isEmpty(changed)) box = union(box, changed);
    }
    this.waiting.clear();
    this.cut();
    return box;
  }
}

function copyBand(touched: Touched, band: number): void {
  touched.copied |= 1 << band;
  const from = band * BAND * CHUNK;
  touched.before.set(touched.labels.subarray(from, from + BAND * CHUNK), from);
}

function bandsOf({ copied }: Touched): number[] {
  return Array.from({ length: CHUNK / BAND }, (_, band) => band).filter(
    (band) => (copied & (1 << band)) !== 0,
  );
}
