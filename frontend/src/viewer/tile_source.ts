/** Tiles of one image behind a short-lived token, in OpenSeadragon's order of levels. */
import OpenSeadragon from "openseadragon";

/** The answer of the view endpoint; level 0 is full resolution. */
export interface TileGrant {
  readonly tiles: string;
  readonly expires_at: string;
  readonly tile_size: number;
  readonly levels: readonly { readonly width: number; readonly height: number }[];
}

export type GrantTiles = () => Promise<TileGrant>;

/** Renewed this long before the token ends, so that a slow request still arrives in time. */
const RENEW_EARLY_MS = 60_000;
const SHORTEST_RENEWAL_MS = 5_000;

/** Holds the token: renews it in time, and at once when a tile is refused. */
export class TileToken {
  #grant: TileGrant;
  readonly #ask: GrantTiles;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: Promise<void> | undefined;

  constructor(grant: TileGrant, ask: GrantTiles) {
    this.#grant = grant;
    this.#ask = ask;
    this.#schedule();
  }

  get grant(): TileGrant {
    return this.#grant;
  }

  url(plane: number, level: number, column: number, row: number): string {
    return `${this.#grant.tiles}/${plane}/${level}/${column}_${row}.jpg`;
  }

  /** Ask for a new token; callers at the same time share one request. */
  renew(): Promise<void> {
    this.#renewal ??= this.#ask()
      .then((grant) => {
        this.#grant = grant;
      })
      .finally(() => {
        this.#renewal = undefined;
        this.#schedule();
      });
    return this.#renewal;
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const left = Date.parse(this.#grant.expires_at) - Date.now() - RENEW_EARLY_MS;
    // A failed renewal is tried again here; a refused tile asks for its own.
    const wait = Math.max(SHORTEST_RENEWAL_MS, Number.isFinite(left) ? left : RENEW_EARLY_MS);
    // setTimeout overflows above 2^31 ms and would fire at once.
    this.#timer = setTimeout(() => this.renew().catch(() => {}), Math.min(wait, 2 ** 31 - 1));
  }
}

/** Fetch and decode one plane of one tile; a refused token is renewed once. */
export async function fetchPlane(
  token: TileToken,
  place: { plane: number; level: number; column: number; row: number },
  signal: AbortSignal,
): Promise<ImageBitmap> {
  const get = () =>
    fetch(token.url(place.plane, place.level, place.column, place.row), {
      signal,
      credentials: "same-origin",
    });
  let answer = await get();
  if (answer.status === 403) {
    await token.renew();
    answer = await get();
  }
  if (!answer.ok) throw new Error(`tile answered ${answer.status}`);
  return createImageBitmap(await answer.blob(), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
}

export interface TileJob {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  readonly signal: AbortSignal;
}

/** Paints a tile into a fresh 2D context. */
export type PaintTile = (job: TileJob) => Promise<CanvasRenderingContext2D>;

/** OpenSeadragon counts levels from the smallest; the server from full resolution. */
export function makeTileSource(grant: TileGrant, paint: PaintTile): OpenSeadragon.TileSource {
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
    getTileUrl: (level: number, column: number, row: number) => `${top - level}/${column}_${row}`,
    hasTransparency: () => false,
    downloadTileStart(job: OpenSeadragon.ImageJob) {
      const abort = new AbortController();
      (job as unknown as { userData: { abort?: AbortController } }).userData.abort = abort;
      const [level, place] = String(job.src).split("/");
      const [column, row] = (place ?? "0_0").split("_").map(Number);
      paint({
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
