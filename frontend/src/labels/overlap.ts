/** How much of one label image's instance another label image covers; pure. */

import { intersect, isEmpty, type Rect } from "../geometry/rect";
import { CHUNK, chunkRect, keysIn } from "./chunks";

/** What is needed of a label image: its chunks, by row and column. */
export interface ChunkSource {
  chunkAt(cy: number, cx: number): Uint32Array | undefined;
}

/**
 * Return the part (0 to 1) of an instance's pixels that are labelled in `cover`.
 *
 * @param box holds every pixel of the instance
 * @returns null when a chunk of either is not loaded, or the instance has no pixel
 */
export function coveredPart(
  id: number,
  box: Rect,
  source: ChunkSource,
  cover: ChunkSource,
): number | null {
  let own = 0;
  let covered = 0;
  for (const key of keysIn(box, Infinity, Infinity)) {
    const place = chunkRect(key);
    const part = intersect(box, place);
    if (isEmpty(part)) continue;
    const [cy, cx] = [place.y0 / CHUNK, place.x0 / CHUNK];
    const labels = source.chunkAt(cy, cx);
    const others = cover.chunkAt(cy, cx);
    if (!labels || !others) return null;
    for (let y = part.y0 - place.y0; y < part.y1 - place.y0; y++) {
      const end = y * CHUNK + part.x1 - place.x0;
      for (let i = y * CHUNK + part.x0 - place.x0; i < end; i++) {
        if (labels[i] !== id) continue;
        own++;
        if (others[i] !== 0) covered++;
      }
    }
  }
  return own === 0 ? null : covered / own;
}

/** The part of a box that other boxes fill, each counted for itself: a guess from the outside. */
export function filledPart(box: Rect, others: Iterable<Rect>): number {
  const areaOf = (one: Rect) => (one.x1 - one.x0) * (one.y1 - one.y0);
  if (isEmpty(box)) return 0;
  let filled = 0;
  for (const other of others) filled += areaOf(intersect(box, other));
  return Math.min(1, filled / areaOf(box));
}
