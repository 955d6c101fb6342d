/** Instance ids, granted by the server in blocks, so that two people never use the same one. */

import { ApiError } from "../api/client";
import type { LayerApi } from "../api/layers";
import * as texts from "../texts";
import { EditRefused } from "./edit_refused";

const BLOCK = 256;
const LOW = 64;

export class IdPool {
  private readonly api: LayerApi;
  private readonly layerId: string;
  private blocks: { next: number; end: number }[] = [];
  private asking: Promise<void> | null = null;
  private isForbidden = false;

  constructor(api: LayerApi, layerId: string) {
    this.api = api;
    this.layerId = layerId;
  }

  get left(): number {
    return this.blocks.reduce((sum, block) => sum + block.end - block.next, 0);
  }

  /** Have at least so many ids at hand. */
  async ensure(count: number): Promise<void> {
    while (this.left < count) await this.refill(Math.max(BLOCK, count - this.left));
  }

  next(): number {
    if (this.left <= LOW && !this.asking) this.refill(BLOCK).catch(() => undefined);
    const block = this.blocks[0];
    if (!block) throw this.refusal();
    const id = block.next++;
    if (block.next === block.end) this.blocks.shift();
    return id;
  }

  private refill(count: number): Promise<void> {
    this.asking ??= this.ask(count).finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async ask(count: number): Promise<void> {
    try {
      const block = await this.api.reserveIds(this.layerId, count);
      this.blocks.push({ next: block.first, end: block.first + block.count });
    } catch (error) {
      this.isForbidden = error instanceof ApiError && error.status === 403;
      throw error;
    }
  }

  private refusal(): EditRefused {
    return this.isForbidden
      ? new EditRefused("not_allowed", texts.editing.mayOnlyLook)
      : new EditRefused("no_ids", texts.editing.noNewObjects);
  }
}
