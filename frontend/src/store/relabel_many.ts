/** Edits of very many instances: planned by chunk, so that ops and memory stay bounded. */

import { intersect, type Rect, union } from "../geometry/rect";
import { CHUNK, type ChunkKey, type ChunkMap, chunkRect, keysIn } from "../labels/chunks";
import { type Edit, type Runs, RunsBuilder } from "../labels/runs";

/** Of an op, which is worked out in one go; the server takes 256. */
export const CHUNKS_PER_OP = 16;

/** Which chunks the boxes of these instances meet, and the part of each chunk they lie in. */
export function placesOf(
  boxes: Iterable<Rect>,
  width: number,
  height: number,
): Map<ChunkKey, Rect> {
  const places = new Map<ChunkKey, Rect>();
  for (const box of boxes) {
    for (const key of keysIn(box, width, height)) {
      const part = intersect(box, chunkRect(key));
      const known = places.get(key);
      places.set(key, known ? union(known, part) : part);
    }
  }
  return places;
}

/** The places in parts of at most `most` chunks, those of one part beside each other. */
export function inParts(
  places: ReadonlyMap<ChunkKey, Rect>,
  most = CHUNKS_PER_OP,
): [ChunkKey, Rect][][] {
  const all = [...places].sort(([a], [b]) => a - b);
  const parts: [ChunkKey, Rect][][] = [];
  for (let at = 0; at < all.length; at += most) parts.push(all.slice(at, at + most));
  return parts;
}

/**
 * Give the pixels of instances to others: what that changes, and which instances gave any.
 *
 * @param to the new label by the old one; the chunks must be loaded
 */
export function relabelMany(
  chunks: ChunkMap,
  places: readonly [ChunkKey, Rect][],
  to: ReadonlyMap<number, number>,
): { edit: Edit; given: Set<number> } {
  const edit = new Map<ChunkKey, Runs>();
  const given = new Set<number>();
  for (const [key, part] of places) {
    const labels = chunks.get(key);
    if (!labels) continue;
    const runs = relabelChunk(labels, part, chunkRect(key), to, given);
    if (runs) edit.set(key, runs);
  }
  return { edit, given };
}

function relabelChunk(
  labels: Uint32Array,
  part: Rect,
  place: Rect,
  to: ReadonlyMap<number, number>,
  given: Set<number>,
): Runs | null {
  const runs = new RunsBuilder();
  for (let y = part.y0 - place.y0; y < part.y1 - place.y0; y++) {
    const end = y * CHUNK + part.x1 - place.x0;
    for (let i = y * CHUNK + part.x0 - place.x0; i < end; ) {
      const id = labels[i] as number;
      const start = i;
      while (++i < end && labels[i] === id) {}
      const wanted = id === 0 ? undefined : to.get(id);
      if (wanted === undefined || wanted === id) continue;
      runs.add(start, i - start, id, wanted);
      given.add(id);
    }
  }
  return runs.isEmpty ? null : runs.build();
}
