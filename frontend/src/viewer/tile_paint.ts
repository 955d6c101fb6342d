/** The pixels behind the tiles on screen, coloured again whenever a slider moves. */
import { fetchPlane, type TileToken } from "../api/tiles";
import type { Rect } from "../geometry/rect";
import { type ChannelStyle, colourTable, windowFromHistogram } from "./channels";
import {
  GreyTile,
  type LiveTile,
  newContext,
  RgbTile,
  type Shades,
  type TileCanvas,
} from "./live_tile";
import type { Picture, TileJob } from "./tile_source";

/** Time for colouring tiles in one frame; the rest of the frame belongs to drawing. */
const SLICE_MS = 8;
/** Pauses before a channel that could not be fetched is asked for again; the last one repeats. */
const RETRY_MS = [1_000, 5_000, 20_000] as const;

/**
 * Colours tiles in place: OpenSeadragon draws the very canvas that is painted here, so a
 * new contrast costs one pass over the visible tiles and no clone of its caches.
 */
export class TilePainter {
  readonly #token: TileToken;
  readonly #isRgb: boolean;
  readonly #redraw: () => void;
  readonly #onTrouble: () => void;
  readonly #abort = new AbortController();
  #hasToldTrouble = false;
  #shades: Shades;
  #stamp = 1;
  #tiles: LiveTile[] = [];
  readonly #onTile = new Set<() => void>();
  /** Canvases that something better paints. */
  readonly #lent = new WeakSet<CanvasRenderingContext2D>();
  #frame = 0;
  readonly #scratch: CanvasRenderingContext2D;

  constructor(options: {
    token: TileToken;
    isRgb: boolean;
    styles: readonly ChannelStyle[];
    redraw: () => void;
    /** A channel could not be fetched; told once, and tried again. */
    onTrouble: () => void;
  }) {
    this.#token = options.token;
    this.#isRgb = options.isRgb;
    this.#redraw = options.redraw;
    this.#onTrouble = options.onTrouble;
    this.#shades = shadesOf(options.styles, false);
    this.#scratch = newContext(options.token.grant.tile_size, options.token.grant.tile_size);
  }

  /** Fetch the planes that are switched on and paint them into a new canvas. */
  async load(job: TileJob): Promise<CanvasRenderingContext2D> {
    if (this.#isRgb) {
      return this.#adopt(new RgbTile(job, await this.#fetch(job, 0, job.signal)));
    }
    // One plane at least: it also tells how large the tile is.
    const wanted = this.#visiblePlanes();
    const grey = new Map<number, Uint8Array>();
    let size = { width: 1, height: 1 };
    await Promise.all(
      (wanted.length > 0 ? wanted : [0]).map(async (plane) => {
        const picture = await this.#fetch(job, plane, job.signal);
        size = { width: picture.width, height: picture.height };
        grey.set(plane, this.#greyOf(picture));
      }),
    );
    return this.#adopt(new GreyTile(job, size.width, size.height, grey));
  }

  /** The tiles that are loaded, with the pixels they show. */
  get tiles(): readonly LiveTile[] {
    return this.#living();
  }

  /** @param isInverted dark and light change places in the whole picture */
  setStyles(styles: readonly ChannelStyle[], isInverted = false): void {
    this.#shades = shadesOf(styles, isInverted);
    this.#stamp++;
    this.#schedule();
  }

  /** Called when a tile is there that was not. */
  onTile(listener: () => void): () => void {
    this.#onTile.add(listener);
    return () => this.#onTile.delete(listener);
  }

  /** The canvases of places, of all levels that are loaded. */
  canvases(isWanted: (job: TileJob) => boolean): readonly TileCanvas[] {
    return this.#living().filter((tile) => isWanted(tile.job));
  }

  /** Leave a canvas to another painter until it gives it back. */
  lend(context: CanvasRenderingContext2D): void {
    this.#lent.add(context);
  }

  giveBack(context: CanvasRenderingContext2D): void {
    if (!this.#lent.delete(context)) return;
    for (const tile of this.#tiles) if (tile.context === context) tile.painted = 0;
    this.#schedule();
  }

  /** Measure the window of one channel (RGB: of all three colours) over the tiles on screen. */
  autoWindow(
    channel: number,
    isOnScreen: (job: TileJob) => boolean,
  ): readonly [number, number] | undefined {
    const counts = new Float64Array(256);
    let n = 0;
    for (const tile of this.#living().filter((one) => isOnScreen(one.job))) {
      if (tile.countValues(channel, counts)) n++;
    }
    return n > 0 ? windowFromHistogram(counts) : undefined;
  }

  /** Read what is shown of a box at full resolution; tiles that are not there are fetched. */
  async read(box: Rect, picture: Picture): Promise<Uint8ClampedArray> {
    const side = this.#token.grant.tile_size;
    const whole = newContext(box.x1 - box.x0, box.y1 - box.y0);
    const reading: Promise<void>[] = [];
    for (let row = Math.floor(box.y0 / side); row * side < box.y1; row++) {
      for (let column = Math.floor(box.x0 / side); column * side < box.x1; column++) {
        const job = { picture, level: 0, column, row, signal: this.#abort.signal };
        const put = (tile: CanvasRenderingContext2D) =>
          whole.drawImage(tile.canvas, column * side - box.x0, row * side - box.y0);
        reading.push(this.#withTile(job, put));
      }
    }
    await Promise.all(reading);
    return whole.getImageData(0, 0, whole.canvas.width, whole.canvas.height).data;
  }

  async #withTile(job: TileJob, use: (tile: CanvasRenderingContext2D) => void): Promise<void> {
    const known = this.#living().find(({ job: one }) => isSameTile(one, job));
    if (known) {
      use(known.context);
      return;
    }
    const fetched = await this.load(job);
    use(fetched);
    fetched.canvas.width = 0; // OpenSeadragon knows nothing of it: let it go
  }

  destroy(): void {
    this.#abort.abort();
    cancelAnimationFrame(this.#frame);
    this.#tiles = [];
  }

  /** Fetch one channel of a tile: of its plane, or the brightest of its planes at each pixel. */
  async #fetch(job: TileJob, channel: number, signal: AbortSignal): Promise<ImageBitmap> {
    const { bases } = job.picture;
    const get = (base: number) =>
      fetchPlane(this.#token, { ...job, plane: base + channel }, signal);
    const first = await get(bases[0] ?? 0);
    if (bases.length <= 1) return first;
    const context = newContext(first.width, first.height);
    context.globalCompositeOperation = "lighten";
    const lighten = (picture: ImageBitmap) => {
      context.drawImage(picture, 0, 0);
      picture.close();
    };
    lighten(first);
    await Promise.all(bases.slice(1).map(async (base) => lighten(await get(base))));
    return createImageBitmap(context.canvas);
  }

  #visiblePlanes(): number[] {
    return this.#shades.styles.flatMap((style, plane) => (style.visible ? [plane] : []));
  }

  #adopt(tile: LiveTile): CanvasRenderingContext2D {
    this.#paint(tile);
    // Here too, not only when a slider moves: else each tile ever seen would be kept.
    this.#living().push(tile);
    // A channel may have been switched on while this tile was on its way.
    this.#fetchMissing(tile);
    for (const listener of this.#onTile) listener();
    return tile.context;
  }

  /** Drop tiles that OpenSeadragon unloaded. */
  #living(): LiveTile[] {
    this.#tiles = this.#tiles.filter((tile) => tile.isLoaded);
    return this.#tiles;
  }

  #schedule(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#slice();
    });
  }

  #slice(): void {
    const end = performance.now() + SLICE_MS;
    let didPaint = false;
    // The newest tiles are the ones in view.
    for (const tile of [...this.#living()].reverse()) {
      if (tile.painted === this.#stamp || this.#lent.has(tile.context)) continue;
      if (didPaint && performance.now() > end) {
        this.#schedule();
        break;
      }
      this.#fetchMissing(tile);
      this.#paint(tile);
      didPaint = true;
    }
    if (didPaint) this.#redraw();
  }

  #fetchMissing(tile: LiveTile): void {
    if (!(tile instanceof GreyTile)) return;
    for (const plane of this.#visiblePlanes()) {
      if (tile.grey.has(plane) || tile.asked.has(plane)) continue;
      tile.asked.add(plane);
      void this.#fetchPlane(tile, plane).finally(() => tile.asked.delete(plane));
    }
  }

  /** Fetch one plane of a tile on screen, again and again for as long as it is wanted. */
  async #fetchPlane(tile: GreyTile, plane: number): Promise<void> {
    const { signal } = this.#abort;
    const isWanted = () => !signal.aborted && tile.isLoaded && this.#shades.styles[plane]?.visible;
    for (let attempt = 0; isWanted(); attempt++) {
      try {
        const picture = await this.#fetch(tile.job, plane, signal);
        tile.grey.set(plane, this.#greyOf(picture));
        tile.painted = 0;
        this.#schedule();
        return;
      } catch {
        if (isWanted()) this.#tellTrouble();
      }
      const pause = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  #tellTrouble(): void {
    if (this.#hasToldTrouble) return;
    this.#hasToldTrouble = true;
    this.#onTrouble();
  }

  #paint(tile: LiveTile): void {
    tile.painted = this.#stamp;
    tile.paint(this.#shades);
  }

  #greyOf(picture: ImageBitmap): Uint8Array {
    const { width, height } = picture;
    this.#scratch.drawImage(picture, 0, 0);
    picture.close();
    const rgba = this.#scratch.getImageData(0, 0, width, height).data;
    const grey = new Uint8Array(width * height);
    for (let index = 0; index < grey.length; index++) grey[index] = rgba[index * 4] as number;
    return grey;
  }
}

function isSameTile(one: TileJob, other: TileJob): boolean {
  const isSamePlace = one.column === other.column && one.row === other.row;
  return one.picture.name === other.picture.name && one.level === other.level && isSamePlace;
}

function shadesOf(styles: readonly ChannelStyle[], isInverted: boolean): Shades {
  return { styles, tables: styles.map(colourTable), isInverted };
}
