/** Edits as runs of pixels "was `before`, becomes `after`": found, applied with a guard, inverted. */

import { EMPTY_RECT, type Rect, rect, union } from "../geometry/rect";
import { CHUNK, type ChunkKey, type ChunkMap, chunkCol, chunkRow } from "./chunks";

/** Runs of one chunk, ascending by start and without overlap; index = row * 512 + column. */
export interface Runs {
  readonly count: number;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
  readonly before: Uint32Array;
  readonly after: Uint32Array;
}

/** What one op changes. */
export type Edit = ReadonlyMap<ChunkKey, Runs>;

export const NO_EDIT: Edit = new Map();

/** Room for runs. Undo keeps thousands of them: one buffer for all columns, a fourth of what four take. */
export function newRuns(count: number): Runs {
  const cells = new Uint32Array(4 * count);
  const column = (n: number) => cells.subarray(n * count, (n + 1) * count);
  return { count, start: column(0), length: column(1), before: column(2), after: column(3) };
}

/** Collects runs in ascending order and joins what touches. */
export class RunsBuilder {
  private readonly cells: number[] = [];

  get isEmpty(): boolean {
    return this.cells.length === 0;
  }

  add(start: number, length: number, before: number, after: number): void {
    const cells = this.cells;
    const last = cells.length - 4;
    if (
      last >= 0 &&
      (cells[last] as number) + (cells[last + 1] as number) === start &&
      cells[last + 2] === before &&
      cells[last + 3] === after
    ) {
      cells[last + 1] = (cells[last + 1] as number) + length;
      return;
    }
    cells.push(start, length, before, after);
  }

  build(): Runs {
    const { cells } = this;
    const runs = newRuns(cells.length / 4);
    for (let r = 0, at = 0; r < runs.count; r++, at += 4) {
      runs.start[r] = cells[at] as number;
      runs.length[r] = cells[at + 1] as number;
      runs.before[r] = cells[at + 2] as number;
      runs.after[r] = cells[at + 3] as number;
    }
    return runs;
  }
}

/** Add the runs where `after` differs from `before` inside the rows and columns of a box. */
export function extractRuns(
  before: Uint32Array,
  after: Uint32Array,
  box: Rect,
  runs: RunsBuilder,
): void {
  for (let y = box.y0; y < box.y1; y++) {
    const end = y * CHUNK + box.x1;
    for (let i = y * CHUNK + box.x0; i < end; i++) {
      const was = before[i] as number;
      const is = after[i] as number;
      if (was === is) continue;
      const start = i;
      while (i + 1 < end && before[i + 1] === was && after[i + 1] === is) i++;
      runs.add(start, i + 1 - start, was, is);
    }
  }
}

/**
 * Write the runs into a chunk, each pixel only where it still has its `before`.
 *
 * Returns what was really written: the same object when that is everything.
 */
export function applyRuns(labels: Uint32Array, runs: Runs): Runs {
  for (let r = 0; r < runs.count; r++) {
    if (!matches(labels, runs, r)) return applyFrom(labels, runs, r);
    write(labels, runs, r, runs.after[r] as number);
  }
  return runs;
}

function matches(labels: Uint32Array, runs: Runs, r: number): boolean {
  const before = runs.before[r] as number;
  const end = (runs.start[r] as number) + (runs.length[r] as number);
  for (let i = runs.start[r] as number; i < end; i++) if (labels[i] !== before) return false;
  return true;
}

function write(labels: Uint32Array, runs: Runs, r: number, value: number): void {
  const start = runs.start[r] as number;
  labels.fill(value, start, start + (runs.length[r] as number));
}

/** Runs before `first` were written whole; from there on some pixels are refused. */
function applyFrom(labels: Uint32Array, runs: Runs, first: number): Runs {
  const done = new RunsBuilder();
  for (let r = 0; r < runs.count; r++) {
    const start = runs.start[r] as number;
    const length = runs.length[r] as number;
    const before = runs.before[r] as number;
    const after = runs.after[r] as number;
    if (r < first) {
      done.add(start, length, before, after);
      continue;
    }
    for (let i = start; i < start + length; i++) {
      if (labels[i] !== before) continue;
      labels[i] = after;
      done.add(i, 1, before, after);
    }
  }
  return done.build();
}

/** Take back runs that are known to have been written. */
export function revertRuns(labels: Uint32Array, runs: Runs): void {
  for (let r = 0; r < runs.count; r++) write(labels, runs, r, runs.before[r] as number);
}

export function invertRuns(runs: Runs): Runs {
  return { ...runs, before: runs.after, after: runs.before };
}

export function invertEdit(edit: Edit): Edit {
  return new Map([...edit].map(([key, runs]) => [key, invertRuns(runs)]));
}

/** Apply to loaded chunks, guarded; what is in chunks that are not loaded is left out. */
export function applyEdit(chunks: ChunkMap, edit: Edit): Edit {
  const done = new Map<ChunkKey, Runs>();
  for (const [key, runs] of edit) {
    const labels = chunks.writable(key);
    if (!labels) continue;
    const written = applyRuns(labels, runs);
    if (written.count > 0) done.set(key, written);
  }
  return done;
}

/** The pixels of an edit that are not in its accepted part. */
export function refusedPart(sent: Edit, accepted: Edit): Edit {
  const refused = new Map<ChunkKey, Runs>();
  for (const [key, runs] of sent) {
    const taken = new Set<number>();
    const done = accepted.get(key);
    for (let r = 0; done && r < done.count; r++) {
      const start = done.start[r] as number;
      for (let i = start; i < start + (done.length[r] as number); i++) taken.add(i);
    }
    const left = new RunsBuilder();
    for (let r = 0; r < runs.count; r++) {
      const start = runs.start[r] as number;
      for (let i = start; i < start + (runs.length[r] as number); i++) {
        if (!taken.has(i)) left.add(i, 1, runs.before[r] as number, runs.after[r] as number);
      }
    }
    if (!left.isEmpty) refused.set(key, left.build());
  }
  return refused;
}

function pixelsOf(runs: Runs): number {
  let n = 0;
  for (let r = 0; r < runs.count; r++) n += runs.length[r] as number;
  return n;
}

export function pixelsIn(edit: Edit): number {
  let n = 0;
  for (const runs of edit.values()) n += pixelsOf(runs);
  return n;
}

/** The rows a run covers, as a box inside its chunk; full width when it wraps. */
export function boxOfRun(start: number, length: number): Rect {
  const y0 = Math.floor(start / CHUNK);
  const last = start + length - 1;
  const y1 = Math.floor(last / CHUNK) + 1;
  if (y1 - y0 > 1) return rect(0, y0, CHUNK, y1);
  return rect(start - y0 * CHUNK, y0, last - y0 * CHUNK + 1, y1);
}

/** Image pixels that the runs of a chunk cover, as one box. */
export function boxOfRuns(key: ChunkKey, runs: Runs): Rect {
  let box = EMPTY_RECT;
  for (let r = 0; r < runs.count; r++) {
    box = union(box, boxOfRun(runs.start[r] as number, runs.length[r] as number));
  }
  const [y, x] = [chunkRow(key) * CHUNK, chunkCol(key) * CHUNK];
  return runs.count === 0 ? EMPTY_RECT : rect(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y);
}

export function boxOfEdit(edit: Edit): Rect {
  let box = EMPTY_RECT;
  for (const [key, runs] of edit) box = union(box, boxOfRuns(key, runs));
  return box;
}
