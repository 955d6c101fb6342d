/** A plane of a layer as it was after one of its ops: read, shown, restored from. */

import type { PastApi } from "../api/history";
import type { LayerApi } from "../api/layers";
import type { ClassGroups } from "../api/types";
import { type Rect, rect } from "../geometry/rect";
import {
  CHUNK,
  CHUNK_PIXELS,
  type ChunkKey,
  ChunkMap,
  chunkCol,
  chunkKey,
  chunkRect,
  chunkRow,
  keysIn,
} from "../labels/chunks";
import { InstanceTable } from "../labels/instances";
import { extractRuns, type Runs, RunsBuilder } from "../labels/runs";
import * as texts from "../texts";
import { ChunkReader } from "./chunk_reader";
import { applyClasses } from "./classes";
import type { LabelReader, LayerInfo } from "./types";

export interface PastOptions {
  readonly api: Pick<LayerApi, "chunk">;
  readonly past: PastApi;
  /** Of the plane. */
  readonly info: LayerInfo;
  readonly seq: number;
  /** Chunks to keep; a view that needs more gets more. */
  readonly limit?: number;
}

const LIMIT = 64;
const NOTHING = new Uint32Array(CHUNK_PIXELS);
const WHOLE = rect(0, 0, CHUNK, CHUNK);

export class PastPlane extends ChunkReader implements LabelReader {
  readonly seq: number;
  /** Counts what is loaded; knows the classes of all. */
  readonly table: InstanceTable;
  private readonly options: PastOptions;
  private readonly digests: ReadonlyMap<ChunkKey, string>;
  private readonly remade: ReadonlySet<ChunkKey>;
  /** Chunks that may have held something. */
  private readonly kept: readonly ChunkKey[];
  private readonly loading = new Map<ChunkKey, Promise<void>>();
  private isClosed = false;

  /** @param before another moment of the plane: chunks that were the same are taken over */
  static async open(options: PastOptions, before?: PastPlane): Promise<PastPlane> {
    const { past, info, seq } = options;
    const [manifest, classes] = await Promise.all([
      past.manifestAt(info.id, seq, info.t, info.z),
      past.classesAt(info.id, seq),
    ]);
    const digests = new Map(manifest.chunks.map(([cy, cx, one]) => [chunkKey(cy, cx), one]));
    const remade = new Set(manifest.remade.map(([cy, cx]) => chunkKey(cy, cx)));
    const plane = new PastPlane(options, digests, remade, classes);
    if (before) plane.takeOver(before);
    return plane;
  }

  private constructor(
    options: PastOptions,
    digests: ReadonlyMap<ChunkKey, string>,
    remade: ReadonlySet<ChunkKey>,
    classes: ClassGroups,
  ) {
    const { info, seq } = options;
    super(info, new ChunkMap());
    this.options = options;
    this.seq = seq;
    this.digests = digests;
    this.remade = remade;
    this.kept = [...new Set([...digests.keys(), ...remade])];
    this.table = new InstanceTable("accepted", info);
    applyClasses(this.table, classes);
  }

  private takeOver(before: PastPlane): void {
    const { info } = this;
    if (before.info.id !== info.id || before.info.t !== info.t || before.info.z !== info.z) return;
    for (const key of before.chunks.keys()) {
      if (this.remade.has(key) || before.remade.has(key)) continue;
      if (this.digests.get(key) !== before.digests.get(key)) continue;
      this.take(key, before.chunks.get(key) as Uint32Array);
    }
  }

  get instances(): InstanceTable {
    return this.table;
  }

  private get limit(): number {
    return this.options.limit ?? LIMIT;
  }

  /** Chunks that were not stored as they were then, and are made again. */
  get nRemade(): number {
    return this.remade.size;
  }

  /** Whether every chunk that held something then is here, so that the table knows every object. */
  get isWhole(): boolean {
    return this.kept.every((key) => this.chunks.has(key));
  }

  /** Whether all of it is little enough to be loaded, to be seen from far away. */
  get mayBeWhole(): boolean {
    return this.kept.length <= this.limit;
  }

  /** Load all that held something then, where that may be. */
  async ensureWhole(): Promise<void> {
    if (!this.mayBeWhole || this.isWhole) return;
    for (const key of this.kept) this.chunks.touch(key);
    await Promise.all(this.kept.map((key) => this.chunks.has(key) || this.loadOne(key)));
    this.evict(this.limit);
  }

  async ensure(box: Rect): Promise<void> {
    const keys = keysIn(box, this.info.width, this.info.height);
    for (const key of keys) this.chunks.touch(key);
    const missing = keys.filter((key) => !this.chunks.has(key));
    if (missing.length === 0) return;
    await Promise.all(missing.map((key) => this.loadOne(key)));
    this.evict(Math.max(this.limit, Math.ceil(keys.length * 1.5)));
  }

  private loadOne(key: ChunkKey): Promise<void> {
    const known = this.loading.get(key);
    if (known) return known;
    const loading = this.fetch(key).finally(() => this.loading.delete(key));
    this.loading.set(key, loading);
    return loading;
  }

  private async fetch(key: ChunkKey): Promise<void> {
    try {
      const labels = await this.labelsOf(key);
      if (this.isClosed || this.chunks.has(key)) return;
      this.take(key, labels);
    } catch (error) {
      if (!this.isClosed) {
        this.tellTrouble(texts.editing.pastNotLoaded);
      }
      throw error;
    }
    this.tellDirty(chunkRect(key), "remote");
    this.tellInstances("remote", null);
  }

  private labelsOf(key: ChunkKey): Promise<Uint32Array | null> {
    const { api, past, info, seq } = this.options;
    const { id, t, z } = info;
    if (this.remade.has(key)) {
      return past.chunkAt(id, { seq, t, z, cy: chunkRow(key), cx: chunkCol(key) });
    }
    const digest = this.digests.get(key);
    return digest === undefined ? Promise.resolve(null) : api.chunk(id, digest);
  }

  private take(key: ChunkKey, labels: Uint32Array | null): void {
    this.chunks.set(key, labels);
    if (labels) this.table.countRuns(key, runsOf(labels), 1);
  }

  private evict(limit: number): void {
    const known = new Map(this.chunks.keys().map((key) => [key, this.chunks.get(key)]));
    for (const key of this.chunks.evict(limit, () => false)) {
      this.table.countRuns(key, runsOf(known.get(key) as Uint32Array), -1);
    }
  }

  override close(): void {
    this.isClosed = true;
    super.close();
  }
}

/** What a chunk holds, as runs that came out of nothing. */
function runsOf(labels: Uint32Array): Runs {
  const runs = new RunsBuilder();
  extractRuns(NOTHING, labels, WHOLE, runs);
  return runs.build();
}
