/** Where tiles lie in the image, and which level of them is drawn. */
import type { TileGrant } from "../api/tiles";
import { type Rect, rect } from "../geometry/rect";
import type { TileJob } from "./tile_source";

/** OpenSeadragon takes the coarsest level of which a pixel covers no more than one over this. */
const LEAST_PIXEL_RATIO = 0.5;

export class TileGrid {
  readonly #levels: TileGrant["levels"];
  readonly #side: number;

  constructor(grant: TileGrant) {
    this.#levels = grant.levels;
    this.#side = grant.tile_size;
  }

  /** The level that is drawn at so many screen pixels per image pixel; 0 is full resolution. */
  levelAt(scale: number): number {
    const level = Math.ceil(Math.log2(LEAST_PIXEL_RATIO / scale));
    return Math.min(this.#levels.length - 1, Math.max(0, level));
  }

  /** What a tile covers, in pixels of the image; at its edge also what lies beyond. */
  boxOf({ level, column, row }: TileJob): Rect {
    const side = this.#side * 2 ** level;
    return rect(column * side, row * side, (column + 1) * side, (row + 1) * side);
  }

  /** How much of a tile lies in the image, in pixels of its level. */
  sizeOf({ level, column, row }: TileJob): { readonly width: number; readonly height: number } {
    const size = this.#levels[level] ?? { width: 0, height: 0 };
    const side = this.#side;
    return {
      width: Math.min(side, size.width - column * side),
      height: Math.min(side, size.height - row * side),
    };
  }
}
