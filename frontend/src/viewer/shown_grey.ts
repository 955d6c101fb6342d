/** Grey values of the picture as it is shown, from tiles of full size that are loaded. */
import { height, intersect, isEmpty, type Rect, rect, width } from "../geometry/rect";
import type { TileJob } from "./tile_source";

export interface ShownTile {
  readonly job: Pick<TileJob, "level" | "column" | "row">;
  readonly context: Pick<CanvasRenderingContext2D, "getImageData">;
  readonly width: number;
  readonly height: number;
}

/**
 * Luminance of a box in C order, 0 to 255.
 *
 * @returns undefined when a part of the box is in no tile of full size
 */
export function shownGrey(
  box: Rect,
  tiles: readonly ShownTile[],
  tileSize: number,
): Uint8Array | undefined {
  const wide = width(box);
  const grey = new Uint8Array(wide * height(box));
  const seen = new Set<string>();
  let nLeft = grey.length;
  for (const tile of tiles) {
    const { level, column, row } = tile.job;
    const name = `${column}_${row}`;
    const [x, y] = [column * tileSize, row * tileSize];
    const part = intersect(box, rect(x, y, x + tile.width, y + tile.height));
    if (level !== 0 || seen.has(name) || isEmpty(part)) continue;
    seen.add(name);
    nLeft -= width(part) * height(part);
    const { data } = tile.context.getImageData(
      ...([part.x0 - x, part.y0 - y, width(part), height(part)] as const),
    );
    let from = 0;
    for (let py = part.y0; py < part.y1; py++) {
      for (let px = part.x0; px < part.x1; px++, from += 4) {
        grey[(py - box.y0) * wide + (px - box.x0)] = luminance(data, from);
      }
    }
  }
  return nLeft === 0 ? grey : undefined;
}

/** By the weights of ITU-R BT.709. */
function luminance(rgba: Uint8ClampedArray, at: number): number {
  return Math.round(
    0.2126 * (rgba[at] as number) +
      0.7152 * (rgba[at + 1] as number) +
      0.0722 * (rgba[at + 2] as number),
  );
}
