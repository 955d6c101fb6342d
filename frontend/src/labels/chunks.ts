/** The label image in 512 x 512 chunks of uint32, C order; labels of an image are sparse. */

import { intersect, isEmpty, type Rect, rect } from "../geometry/rect";

export const CHUNK = 512;
export const CHUNK_PIXELS = CHUNK * CHUNK;

/** cy * 2^16 + cx: a number is a much faster map key than a string. */
export type ChunkKey = number;

export function chunkKey(cy: number, cx: number): ChunkKey {
  return cy * 65536 + cx;
}

export function chunkRow(key: ChunkKey): number {
  return Math.floor(key / 65536);
}

export function chunkCol(key: ChunkKey): number {
  return key % 65536;
}

export function chunkRect(key: ChunkKey): Rect {
  const [y, x] = [chunkRow(key) * CHUNK, chunkCol(key) * CHUNK];
  return rect(x, y, x + CHUNK, y + CHUNK);
}

/** Keys of the chunks that meet `box` inside an image of this size, row by row. */
export function keysIn(box: Rect, width: number, height: number): ChunkKey[] {
  const clipped = intersect(box, rect(0, 0, width, height));
  if (isEmpty(clipped)) return [];
  const keys: ChunkKey[] = [];
  for (let cy = Math.floor(clipped.y0 / CHUNK); cy * CHUNK < clipped.y1; cy++) {
    for (let cx = Math.floor(clipped.x0 / CHUNK); cx * CHUNK < clipped.x1; cx++) {
      keys.push(chunkKey(cy, cx));
    }
  }
  return keys;
}

// One array stands for every chunk without a label, until something is written to it.
const NOTHING = new Uint32Array(CHUNK_PIXELS);

/** The loaded chunks, least recently used first. */
export class ChunkMap {
  private readonly chunks = new Map<ChunkKey, Uint32Array>();

  get size(): number {
    return this.chunks.size;
  }

  has(key: ChunkKey): boolean {
    return this.chunks.has(key);
  }

  /** The labels of a chunk, to read only; undefined while not loaded. */
  get(key: ChunkKey): Uint32Array | undefined {
    return this.chunks.get(key);
  }

  /** The labels of a chunk, to write; undefined while not loaded. */
  writable(key: ChunkKey): Uint32Array | undefined {
    const chunk = this.chunks.get(key);
    if (chunk !== NOTHING) return chunk;
    const own = new Uint32Array(CHUNK_PIXELS);
    this.chunks.set(key, own);
    return own;
  }

  /** @param labels null for a chunk that is all background. */
  set(key: ChunkKey, labels: Uint32Array | null): void {
    if (labels && labels.length !== CHUNK_PIXELS) {
      throw new RangeError(`A chunk has ${CHUNK_PIXELS} pixels, this one ${labels.length}.`);
    }
    this.chunks.set(key, labels ?? NOTHING);
  }

  delete(key: ChunkKey): void {
    this.chunks.delete(key);
  }

  keys(): ChunkKey[] {
    return [...this.chunks.keys()];
  }

  /** Mark as just used: a Map keeps the order of insertion. */
  touch(key: ChunkKey): void {
    const chunk = this.chunks.get(key);
    if (chunk === undefined) return;
    this.chunks.delete(key);
    this.chunks.set(key, chunk);
  }

  /**
   * Drop the least recently used chunks beyond `limit`; returns them. Pinned ones stay and do not
   * count: were they many, what is looked at would go as soon as it came.
   */
  evict(limit: number, isPinned: (key: ChunkKey) => boolean): ChunkKey[] {
    if (this.chunks.size <= limit) return [];
    const free = this.keys().filter((key) => !isPinned(key));
    const dropped = free.slice(0, Math.max(0, free.length - limit));
    for (const key of dropped) this.chunks.delete(key);
    return dropped;
  }

  /** The label of pixel (x, y); undefined while its chunk is not loaded. */
  labelAt(x: number, y: number): number | undefined {
    const cy = Math.floor(y / CHUNK);
    const cx = Math.floor(x / CHUNK);
    return this.chunks.get(chunkKey(cy, cx))?.[(y - cy * CHUNK) * CHUNK + (x - cx * CHUNK)];
  }
}
