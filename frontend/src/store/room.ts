/** Chunks that unsent ops stand in stay in memory: long edits wait here until they are few enough. */

import type { ChunkKey } from "../labels/chunks";
import type { OwnOp } from "./replica";

/** Each is a mebibyte, two with its colours. */
const MOST_UNSAVED_CHUNKS = 512;

export class Room {
  private readonly pending: readonly OwnOp[];
  private readonly most: number;
  private waiting: (() => void)[] = [];

  /** @param pending the ops that are not confirmed yet, at any time */
  constructor(pending: readonly OwnOp[], most = MOST_UNSAVED_CHUNKS) {
    this.pending = pending;
    this.most = most;
  }

  /** Whether so many more may be changed before something is saved. */
  has(nChunks: number): boolean {
    const held = new Set<ChunkKey>();
    for (const op of this.pending) for (const key of op.edit.keys()) held.add(key);
    return held.size === 0 || held.size + nChunks <= this.most;
  }

  /** Resolves when there is room. */
  async wait(nChunks: number): Promise<void> {
    while (!this.has(nChunks)) await new Promise<void>((done) => this.waiting.push(done));
  }

  /** An op is pending no more. */
  freed(): void {
    for (const look of this.waiting.splice(0)) look();
  }
}
