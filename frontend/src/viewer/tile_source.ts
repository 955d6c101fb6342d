/** Tiles of one image in OpenSeadragon's order of levels. */
import OpenSeadragon from "openseadragon";
import type { TileGrant } from "../api/tiles";

/** What is seen of a stack: a plane, or the maximum of several. */
export interface Picture {
  /** Names it among all pictures of the image. */
  readonly name: string;
  /** Number of the first pyramid plane of each plane of the stack; the channels follow it. */
  readonly bases: readonly number[];
}

export interface TileJob {
  readonly picture: Picture;
  readonly level: number;
  readonly column: number;
  readonly row: number;
  readonly signal: AbortSignal;
}

/** Paints a tile into a fresh 2D context. */
export type PaintTile = (job: TileJob) => Promise<CanvasRenderingContext2D>;

/** OpenSeadragon counts levels from the smallest; the server from full resolution. */
export function makeTileSource(
  grant: TileGrant,
  picture: Picture,
  paint: PaintTile,
): OpenSeadragon.TileSource {
  const full = grant.levels[0];
  if (!full) throw new Error("an image without levels cannot be shown");
  const top = grant.levels.length - 1;
  const source = new OpenSeadragon.TileSource({
    width: full.width,
    height: full.height,
    tileSize: grant.tile_size,
    tileOverlap: 0,
    minLevel: 0,
    maxLevel: top,
  });
  const count = (pixels: number) => Math.ceil(pixels / grant.tile_size);
  return Object.assign(source, {
    getNumTiles(level: number) {
      const size = grant.levels[top - level];
      return new OpenSeadragon.Point(size ? count(size.width) : 0, size ? count(size.height) : 0);
    },
    // Not an address that is fetched: it names the tile for OpenSeadragon's cache.
    getTileUrl: (level: number, column: number, row: number) =>
      `${picture.name}/${top - level}/${column}_${row}`,
    hasTransparency: () => false,
    downloadTileStart(job: OpenSeadragon.ImageJob) {
      const abort = new AbortController();
      (job as unknown as { userData: { abort?: AbortController } }).userData.abort = abort;
      const [level, place] = String(job.src).split("/").slice(-2);
      const [column, row] = (place ?? "0_0").split("_").map(Number);
      paint({
        picture,
        level: Number(level),
        column: column ?? 0,
        row: row ?? 0,
        signal: abort.signal,
      }).then(
        (context) => job.finish(context, null as never, "context2d"),
        (reason: unknown) => {
          if (!abort.signal.aborted) job.fail(String(reason), null as never);
        },
      );
    },
    downloadTileAbort(job: OpenSeadragon.ImageJob) {
      (job as unknown as { userData: { abort?: AbortController } }).userData.abort?.abort();
    },
  });
}
