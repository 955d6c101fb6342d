/** Brings chunks from the server into the replica; each once, a few at a time. */

import type { LayerApi } from "../api/layers";
import { type Rect, union } from "../geometry/rect";
import { type ChunkKey, chunkCol, chunkKey, chunkRect, chunkRow, keysIn } from "../labels/chunks";
import * as texts from "../texts";
import type { Replica } from "./replica";

export interface LoaderOptions {
  readonly api: LayerApi;
  readonly replica: Replica;
  readonly layerId: string;
  readonly t: number;
  readonly z: number;
  readonly width: number;
  readonly height: number;
  /** Chunks to keep; a view that needs more gets more. */
  readonly limit: number;
  readonly isPinned: (key: ChunkKey) => boolean;
  readonly onLoaded: (box: Rect) => void;
  readonly onTrouble: (sentence: string) => void;
  readonly sleep?: (ms: number) => Promise<void>;
}

// A manifest is asked for anew when replaying what happened since costs more than it.
export const LOG_LIMIT = 400;
const ATTEMPT_WAITS_MS = [300, 1000, 3000];

export class ChunkLoader {
  private readonly options: LoaderOptions;
  private readonly loading = new Map<ChunkKey, Promise<void>>();
  private digests = new Map<ChunkKey, string>();
  private manifestSeq = 0;
  private refreshing: Promise<void> | null = null;
  private isClosed = false;
  private viewSize = 0;

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /** Read which chunks exist; the first time this sets where the replica stands. */
  async start(): Promise<void> {
    await this.readManifest();
    this.options.replica.seq = this.manifestSeq;
  }

  async ensure(box: Rect): Promise<void> {
    const { replica, width, height } = this.options;
    const keys = keysIn(box, width, height);
    this.viewSize = Math.max(this.viewSize * 0.9, keys.length);
    for (const key of keys) replica.chunks.touch(key);
    const missing = fromTheMiddle(keys).filter((key) => !replica.chunks.has(key));
    if (missing.length === 0) return;
    await this.load(missing);
    this.evict();
  }

  async load(keys: readonly ChunkKey[]): Promise<void> {
    await this.trimLog();
    await Promise.all(keys.map((key) => this.loadOne(key)));
  }

  /** Ask anew which chunks exist once the log of what happened since is long: it can go then. */
  async trimLog(): Promise<void> {
    const isLong = this.options.replica.logSize > LOG_LIMIT;
    if (isLong && this.loading.size === 0 && !this.isClosed) await this.refresh();
  }

  close(): void {
    this.isClosed = true;
  }

  private loadOne(key: ChunkKey): Promise<void> {
    if (this.options.replica.chunks.has(key)) return Promise.resolve();
    const known = this.loading.get(key);
    if (known) return known;
    const promise = this.fetch(key).finally(() => this.loading.delete(key));
    this.loading.set(key, promise);
    return promise;
  }

  private async fetch(key: ChunkKey): Promise<void> {
    const { api, replica, layerId, onLoaded, onTrouble } = this.options;
    const sleep = this.options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
    for (let attempt = 0; ; attempt++) {
      if (this.refreshing) await this.refreshing;
      const digest = this.digests.get(key);
      const seq = this.manifestSeq;
      try {
        const labels = digest === undefined ? null : await api.chunk(layerId, digest);
        // The manifest may have been read anew meanwhile: this content belongs to the old one.
        if (seq !== this.manifestSeq) continue;
        if (this.isClosed || replica.chunks.has(key)) return;
        replica.load(key, labels, seq);
        onLoaded(chunkRect(key));
        return;
      } catch (error) {
        const wait = ATTEMPT_WAITS_MS[attempt];
        if (this.isClosed) return;
        if (wait === undefined) {
          onTrouble(texts.editing.partNotLoaded);
          throw error;
        }
        await sleep(wait);
        // The chunk may be gone since it was replaced long ago; the new manifest names its heir.
        await this.refresh().catch(() => undefined);
      }
    }
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.readManifest().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async readManifest(): Promise<void> {
    const { api, layerId, t, z, replica } = this.options;
    const manifest = await api.manifest(layerId, t, z);
    this.digests = new Map(manifest.chunks.map(([cy, cx, digest]) => [chunkKey(cy, cx), digest]));
    this.manifestSeq = manifest.seq;
    replica.pruneLog(manifest.seq);
  }

  /** Drop what has not been looked at for longest. */
  private evict(): void {
    const { replica, limit } = this.options;
    const keep = Math.max(limit, Math.ceil(this.viewSize * 1.5));
    const isPinned = (key: ChunkKey) => replica.isPinned(key) || this.options.isPinned(key);
    for (const key of replica.chunks.evict(keep, isPinned)) replica.drop(key);
  }

  /** Throw chunks away and load them again (a copy that does not fit the server's). */
  async reload(keys: readonly ChunkKey[]): Promise<Rect> {
    await this.refresh();
    for (const key of keys) this.options.replica.drop(key);
    await this.load(keys);
    return keys.map(chunkRect).reduce(union);
  }
}

/** In the order in which somebody who looks at all of them looks at them. */
function fromTheMiddle(keys: readonly ChunkKey[]): ChunkKey[] {
  const [first = 0, last = 0] = [keys[0], keys.at(-1)];
  const row = (chunkRow(first) + chunkRow(last)) / 2;
  const col = (chunkCol(first) + chunkCol(last)) / 2;
  const distance = (key: ChunkKey) => Math.hypot(chunkRow(key) - row, chunkCol(key) - col);
  return [...keys].sort((a, b) => distance(a) - distance(b));
}
