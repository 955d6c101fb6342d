/** Edits that are worked out from pixels at once: relabel an instance, copy instances of a draft. */

import { intersect, isEmpty, type Rect } from "../geometry/rect";
import { CHUNK, type ChunkKey, type ChunkMap, chunkRect, keysIn } from "../labels/chunks";
import { type Edit, type Runs, RunsBuilder } from "../labels/runs";
import type { Preserve } from "./edit_types";

/** Every pixel of `from` inside the box becomes `to`. The chunks must be loaded. */
export function relabel(chunks: ChunkMap, box: Rect, from: number, to: number): Edit {
  return collect(box, (key, i) => (chunks.get(key)?.[i] === from ? [from, to] : null));
}

/** Whether any pixel of the box is this instance's. */
export function holds(chunks: ChunkMap, box: Rect, id: number): boolean {
  for (const key of keysIn(box, Infinity, Infinity)) {
    const labels = chunks.get(key);
    const place = chunkRect(key);
    const part = intersect(box, place);
    for (let y = part.y0; labels && y < part.y1; y++) {
      const start = (y - place.y0) * CHUNK - place.x0;
      if (labels.subarray(start + part.x0, start + part.x1).includes(id)) return true;
    }
  }
  return false;
}

/** What makes the pixels of an edit what it wanted, whatever they are now. */
export function reclaimEdit(chunks: ChunkMap, wanted: Edit): Edit {
  const edit = new Map<ChunkKey, Runs>();
  for (const [key, runs] of wanted) {
    const labels = chunks.get(key);
    if (!labels) continue;
    const found = new RunsBuilder();
    for (let r = 0; r < runs.count; r++) {
      const start = runs.start[r] as number;
      const after = runs.after[r] as number;
      for (let i = start; i < start + (runs.length[r] as number); i++) {
        if (labels[i] !== after) found.add(i, 1, labels[i] as number, after);
      }
    }
    if (!found.isEmpty) edit.set(key, found.build());
  }
  return edit;
}

export interface Accepted {
  readonly edit: Edit;
  /** Instances that gave at least one pixel. */
  readonly ids: number[];
}

/**
 * Copy instances of a draft into the annotation.
 *
 * @param places what to look through: chunks, and the part of each
 * @param newIds the id that each accepted instance gets
 */
export function acceptEdit(
  draft: ChunkMap,
  annotation: ChunkMap,
  places: Iterable<readonly [ChunkKey, Rect]>,
  newIds: ReadonlyMap<number, number>,
  preserve: Preserve,
): Accepted {
  const all = [...places];
  const wanted = new Map(newIds);
  if (preserve === "objects") {
    for (const id of overlapping(draft, annotation, all, newIds)) wanted.delete(id);
  }
  const found = new Set<number>();
  const edit = new Map<ChunkKey, Runs>();
  for (const [key, part] of all) {
    const runs = new RunsBuilder();
    eachDrafted(draft, annotation, key, part, (i, id, is) => {
      const to = wanted.get(id);
      if (to === undefined || (is !== 0 && preserve !== "none")) return;
      found.add(id);
      if (is !== to) runs.add(i, 1, is, to);
    });
    if (!runs.isEmpty) edit.set(key, runs.build());
  }
  return { edit, ids: [...found].sort((a, b) => a - b) };
}

/** Visit the pixels of a chunk's part that the draft has objects in: its id, and what is there. */
function eachDrafted(
  draft: ChunkMap,
  annotation: ChunkMap,
  key: ChunkKey,
  part: Rect,
  visit: (index: number, id: number, is: number) => void,
): void {
  const [from, onto] = [draft.get(key), annotation.get(key)];
  if (!from || !onto) return;
  const place = chunkRect(key);
  for (let y = part.y0 - place.y0; y < part.y1 - place.y0; y++) {
    const end = y * CHUNK + part.x1 - place.x0;
    for (let i = y * CHUNK + part.x0 - place.x0; i < end; i++) {
      const id = from[i] as number;
      if (id !== 0) visit(i, id, onto[i] as number);
    }
  }
}

/** Instances of the draft that share a pixel with any annotated instance. */
function overlapping(
  draft: ChunkMap,
  annotation: ChunkMap,
  places: Iterable<readonly [ChunkKey, Rect]>,
  ids: ReadonlyMap<number, number>,
): Set<number> {
  const found = new Set<number>();
  for (const [key, part] of places) {
    eachDrafted(draft, annotation, key, part, (_, id, is) => {
      if (is !== 0 && ids.has(id)) found.add(id);
    });
  }
  return found;
}

/** Ask for every pixel of the box what it becomes: [before, after], or null to leave it. */
export function collect(
  box: Rect,
  change: (key: ChunkKey, index: number) => [before: number, after: number] | null,
): Edit {
  const edit = new Map<ChunkKey, Runs>();
  for (const key of keysIn(box, Infinity, Infinity)) {
    const place = chunkRect(key);
    const part = intersect(box, place);
    if (isEmpty(part)) continue;
    const runs = new RunsBuilder();
    for (let y = part.y0 - place.y0; y < part.y1 - place.y0; y++) {
      for (let x = part.x0 - place.x0; x < part.x1 - place.x0; x++) {
        const pair = change(key, y * CHUNK + x);
        if (pair && pair[0] !== pair[1]) runs.add(y * CHUNK + x, 1, pair[0], pair[1]);
      }
    }
    if (!runs.isEmpty) edit.set(key, runs.build());
  }
  return edit;
}
