/** Reading a plane of a layer: shared by the annotation layer and the drafts. */

import type { LayerApi } from "../api/layers";
import type { InstancesJson, LayerJson } from "../api/types";
import { EMPTY_RECT, type Rect, rect } from "../geometry/rect";
import { CHUNK, type ChunkKey, keysIn } from "../labels/chunks";
import type { InstanceState } from "../labels/instance_rows";
import { ChunkLoader } from "./chunk_loader";
import { ChunkReader } from "./chunk_reader";
import { Replica } from "./replica";
import type { InstanceIndex, LabelReader, Origin } from "./types";

/** A busy layer is always a little ahead of what is read of it. */
const READ_AGAIN = 3;
/** Chunks of a plane that is fetched whole when it opens: 4096 pixels to the side. */
const SMALL = 64;

/** More boxes than this are drawn anew as a whole. */
const MANY = 200;

export interface ReaderOptions {
  readonly api: LayerApi;
  readonly layer: LayerJson;
  readonly t: number;
  readonly z: number;
  readonly chunkLimit: number;
}

export class PlaneReader extends ChunkReader implements LabelReader {
  readonly bounds: Rect;
  readonly replica: Replica;
  protected readonly loader: ChunkLoader;
  protected readonly api: LayerApi;
  private readonly chunkLimit: number;

  constructor(options: ReaderOptions, newState: InstanceState) {
    const { api, layer, t, z } = options;
    if (layer.chunk !== CHUNK) throw new RangeError(`Chunks of ${layer.chunk} pixels are unknown.`);
    const { id, kind, name, width, height, chunk } = layer;
    const replica = new Replica(newState, { t, z });
    super({ id, imageId: layer.image, kind, name, width, height, t, z, chunk }, replica.chunks);
    this.api = api;
    this.chunkLimit = options.chunkLimit;
    this.bounds = rect(0, 0, width, height);
    this.replica = replica;
    this.loader = new ChunkLoader({
      api,
      replica,
      layerId: id,
      t,
      z,
      width,
      height,
      limit: options.chunkLimit,
      isPinned: (key) => this.isPainting(key),
      onLoaded: (box) => this.tellDirty(box, "remote"),
      onTrouble: (sentence) => this.tellTrouble(sentence),
    });
  }

  get instances(): InstanceIndex {
    return this.replica.table;
  }

  /** Where the plane stands and its instances, asked for at once; chunks of a small plane too. */
  async load(): Promise<void> {
    const asked = this.api.instances(this.info.id);
    asked.catch(() => undefined); // awaited below, if the start is one
    await this.loader.start();
    if (this.isSmall) this.ensure(this.bounds).catch(() => undefined); // it told, and is tried again
    const columns = await this.newest(asked);
    this.replica.table.load(columns);
    this.replica.tableSeq = columns.seq;
  }

  /** Instances that are at least as new as the pixels: what was asked for, or asked for again. */
  protected async newest(asked: Promise<InstancesJson>): Promise<InstancesJson> {
    let columns = await asked;
    for (let again = 0; columns.seq < this.replica.seq && again < READ_AGAIN; again++) {
      columns = await this.api.instances(this.info.id);
    }
    return columns;
  }

  private get isSmall(): boolean {
    const { width, height } = this.info;
    return keysIn(this.bounds, width, height).length <= Math.min(SMALL, this.chunkLimit);
  }

  ensure(box: Rect): Promise<void> {
    return this.loader.ensure(box);
  }

  override close(): void {
    this.loader.close();
    super.close();
  }

  /** Chunks of an open stroke are not to be dropped. */
  protected isPainting(_key: ChunkKey): boolean {
    return false;
  }

  /** The classes of these instances changed: their colours may too. */
  showClasses(ids: readonly number[], origin: Origin): void {
    if (ids.length === 0) return;
    this.tellBoxes(ids, origin);
    this.tellInstances(origin, [...new Set(ids)]);
  }

  /** The pixels of these instances are to be drawn anew. */
  protected tellBoxes(ids: readonly number[], origin: Origin): void {
    const { table } = this.replica;
    if (ids.length > MANY) this.tellDirty(this.bounds, origin);
    else for (const id of ids) this.tellDirty(table.get(id)?.box ?? EMPTY_RECT, origin);
  }
}
