/** Tiles of one image behind a short-lived token. */

/** The answer of the view endpoint; level 0 is full resolution. */
export interface TileGrant {
  readonly tiles: string;
  readonly expires_at: string;
  readonly tile_size: number;
  readonly levels: readonly { readonly width: number; readonly height: number }[];
}

export interface TilePlace {
  readonly plane: number;
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** @param tiles the address that the view endpoint gave */
function tileUrl(tiles: string, { plane, level, column, row }: TilePlace): string {
  return `${tiles}/${plane}/${level}/${column}_${row}.jpg`;
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

  url(place: TilePlace): string {
    return tileUrl(this.#grant.tiles, place);
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
  place: TilePlace,
  signal: AbortSignal,
): Promise<ImageBitmap> {
  const get = () => fetch(token.url(place), { signal, credentials: "same-origin" });
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
