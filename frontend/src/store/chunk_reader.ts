/** What all readers of a plane have in common: pixels by place, and who listens. */

import type { ImagePoint } from "../geometry/points";
import { isEmpty, type Rect } from "../geometry/rect";
import { type ChunkMap, chunkKey } from "../labels/chunks";
import { Listeners } from "./observable";
import type { DirtyEvent, Dispose, InstancesEvent, LayerInfo, Origin } from "./types";

export abstract class ChunkReader {
  readonly info: LayerInfo;
  readonly chunks: ChunkMap;
  private readonly dirtyListeners = new Listeners<DirtyEvent>();
  private readonly instanceListeners = new Listeners<InstancesEvent>();
  private readonly troubleListeners = new Listeners<string>();

  constructor(info: LayerInfo, chunks: ChunkMap) {
    this.info = info;
    this.chunks = chunks;
  }

  chunkAt(cy: number, cx: number): Uint32Array | undefined {
    return this.chunks.get(chunkKey(cy, cx));
  }

  isLoaded(cy: number, cx: number): boolean {
    return this.chunks.has(chunkKey(cy, cx));
  }

  labelAt(point: ImagePoint): number | undefined {
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    if (x < 0 || y < 0 || x >= this.info.width || y >= this.info.height) return undefined;
    return this.chunks.labelAt(x, y);
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
    this.dirtyListeners.clear();
    this.instanceListeners.clear();
    this.troubleListeners.clear();
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
