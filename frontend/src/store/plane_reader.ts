/** Reading a plane of a layer: shared by the annotation layer and the drafts. */

import type { LayerApi } from "../api/layers";
import type { InstancesJson, LayerJson } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import { EMPTY_RECT, isEmpty, type Rect, rect } from "../geometry/rect";
import { CHUNK, type ChunkKey, chunkKey, keysIn } from "../labels/chunks";
import { ChunkLoader } from "./chunk_loader";
import { Listeners } from "./observable";
import { Replica } from "./replica";
import type {
  DirtyEvent,
  Dispose,
  InstanceIndex,
  InstanceState,
  InstancesEvent,
  LabelReader,
  LayerInfo,
  Origin,
} from "./types";

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

export class PlaneReader implements LabelReader {
  readonly info: LayerInfo;
  readonly bounds: Rect;
  readonly replica: Replica;
  protected readonly loader: ChunkLoader;
  protected readonly api: LayerApi;
  private readonly chunkLimit: number;
  private readonly dirtyListeners = new Listeners<DirtyEvent>();
  private readonly instanceListeners = new Listeners<InstancesEvent>();
  private readonly troubleListeners = new Listeners<string>();

  constructor(options: ReaderOptions, newState: InstanceState) {
    const { api, layer, t, z } = options;
    if (layer.chunk !== CHUNK) throw new RangeError(`Chunks of ${layer.chunk} pixels are unknown.`);
    const { id, kind, name, width, height, chunk } = layer;
    this.api = api;
    this.chunkLimit = options.chunkLimit;
    this.info = { id, imageId: layer.image, kind, name, width, height, t, z, chunk };
    this.bounds = rect(0, 0, width, height);
    this.replica = new Replica(newState, { t, z });
    this.loader = new ChunkLoader({
      api,
      replica: this.replica,
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

  chunkAt(cy: number, cx: number): Uint32Array | undefined {
    return this.replica.chunks.get(chunkKey(cy, cx));
  }

  isLoaded(cy: number, cx: number): boolean {
    return this.replica.chunks.has(chunkKey(cy, cx));
  }

  labelAt(point: ImagePoint): number | undefined {
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    if (x < 0 || y < 0 || x >= this.info.width || y >= this.info.height) return undefined;
    return this.replica.chunks.labelAt(x, y);
  }

  onDirty(listener: (event: DirtyEvent) => void): Dispose {
    return this.dirtyListeners.add(listener);
  }

  onInstances(listener: (event: InstancesEvent) => void): Dispose {
    return this.instanceListeners.add(listener);
  }

  onTrouble(listener: (sentence: string) => void): Dispose {
    return this.troubleListeners.add(listener);
  }

  close(): void {
    this.loader.close();
    this.dirtyListeners.clear();
    this.instanceListeners.clear();
    this.troubleListeners.clear();
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

  protected tellDirty(box: Rect, origin: Origin): void {
    if (!isEmpty(box)) this.dirtyListeners.tell({ rect: box, origin });
  }

  protected tellInstances(origin: Origin, ids: readonly number[] | null): void {
    this.instanceListeners.tell({ origin, ids });
  }

  protected tellTrouble(sentence: string): void {
    this.troubleListeners.tell(sentence);
  }
}
