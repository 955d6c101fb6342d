/** The pixels behind the tiles on screen, coloured again whenever a slider moves. */
import { fetchPlane, type TileToken } from "../api/tiles";
import type { Rect } from "../geometry/rect";
import {
  applyToRgba,
  blendPlanes,
  type ChannelStyle,
  type ColourTable,
  colourTable,
  invertLightness,
  isNeutral,
  windowFromHistogram,
} from "./channels";
import type { Picture, TileJob } from "./tile_source";

/** Time for colouring tiles in one frame; the rest of the frame belongs to drawing. */
const SLICE_MS = 8;
/** Pauses before a channel that could not be fetched is asked for again; the last one repeats. */
const RETRY_MS = [1_000, 5_000, 20_000] as const;

/** A canvas that OpenSeadragon draws, and the place of the image that belongs on it. */
export interface TileCanvas {
  readonly context: CanvasRenderingContext2D;
  readonly job: TileJob;
  readonly width: number;
  readonly height: number;
}

interface LiveTile extends TileCanvas {
  /** Decoded grey planes by number; only those that were ever switched on. */
  readonly grey: Map<number, Uint8Array>;
  /** Planes on their way; black until they arrive. */
  readonly asked: Set<number>;
  /** The decoded picture of an RGB image. */
  readonly picture: ImageBitmap | undefined;
  painted: number;
}

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
  #styles: readonly ChannelStyle[];
  #tables: readonly ColourTable[];
  #isInverted = false;
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
    this.#styles = options.styles;
    this.#tables = options.styles.map(colourTable);
    this.#scratch = newContext(options.token.grant.tile_size, options.token.grant.tile_size);
  }

  /** Fetch the planes that are switched on and paint them into a new canvas. */
  async load(job: TileJob): Promise<CanvasRenderingContext2D> {
    if (this.#isRgb) {
      const picture = await this.#fetch(job, 0, job.signal);
      return this.#adopt(job, picture.width, picture.height, new Map(), picture);
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
    return this.#adopt(job, size.width, size.height, grey, undefined);
  }

  /** The tiles that are loaded, with the pixels they show. */
  get tiles(): readonly LiveTile[] {
    return this.#living();
  }

  /** @param isInverted dark and light change places in the whole picture */
  setStyles(styles: readonly ChannelStyle[], isInverted = false): void {
    this.#styles = styles;
    this.#isInverted = isInverted;
    this.#tables = styles.map(colourTable);
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
      const values = this.#isRgb ? this.#rgbaOf(tile) : tile.grey.get(channel);
      if (!values) continue;
      n++;
      for (let index = 0; index < values.length; index++) {
        // The opaque fourth byte of RGBA is no brightness.
        if (this.#isRgb && index % 4 === 3) continue;
        const value = values[index] as number;
        counts[value] = (counts[value] as number) + 1;
      }
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
    for (const tile of this.#tiles) tile.picture?.close();
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
    return this.#styles.flatMap((style, plane) => (style.visible ? [plane] : []));
  }

  #adopt(
    job: TileJob,
    width: number,
    height: number,
    grey: Map<number, Uint8Array>,
    picture: ImageBitmap | undefined,
  ): CanvasRenderingContext2D {
    const context = newContext(width, height);
    const asked = new Set<number>();
    const tile: LiveTile = { context, job, width, height, grey, asked, picture, painted: 0 };
    this.#paint(tile);
    // Here too, not only when a slider moves: else each picture ever seen would be kept.
    this.#living().push(tile);
    // A channel may have been switched on while this tile was on its way.
    this.#fetchMissing(tile);
    for (const listener of this.#onTile) listener();
    return context;
  }

  /** Drop tiles that OpenSeadragon unloaded. */
  #living(): LiveTile[] {
    const living: LiveTile[] = [];
    for (const tile of this.#tiles) {
      if (isLoaded(tile)) living.push(tile);
      else tile.picture?.close();
    }
    this.#tiles = living;
    return living;
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
    if (this.#isRgb) return;
    for (const plane of this.#visiblePlanes()) {
      if (tile.grey.has(plane) || tile.asked.has(plane)) continue;
      tile.asked.add(plane);
      void this.#fetchPlane(tile, plane).finally(() => tile.asked.delete(plane));
    }
  }

  /** Fetch one plane of a tile on screen, again and again for as long as it is wanted. */
  async #fetchPlane(tile: LiveTile, plane: number): Promise<void> {
    const { signal } = this.#abort;
    const isWanted = () => !signal.aborted && isLoaded(tile) && this.#styles[plane]?.visible;
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
    const { context, width, height } = tile;
    if (tile.picture) {
      const style = this.#styles[0];
      context.drawImage(tile.picture, 0, 0);
      if (!style || (isNeutral(style) && !this.#isInverted)) return;
      const pixels = context.getImageData(0, 0, width, height);
      applyToRgba(pixels.data, style);
      if (this.#isInverted) invertLightness(pixels.data);
      context.putImageData(pixels, 0, 0);
      return;
    }
    const pixels = context.createImageData(width, height);
    const planes = this.#visiblePlanes().flatMap((plane) => {
      const grey = tile.grey.get(plane);
      const table = this.#tables[plane];
      return grey && table ? [{ grey, table }] : [];
    });
    blendPlanes(pixels.data, planes);
    if (this.#isInverted) invertLightness(pixels.data);
    context.putImageData(pixels, 0, 0);
  }

  #rgbaOf(tile: LiveTile): Uint8ClampedArray | undefined {
    if (!tile.picture) return undefined;
    this.#scratch.drawImage(tile.picture, 0, 0);
    return this.#scratch.getImageData(0, 0, tile.width, tile.height).data;
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

/** OpenSeadragon sets the canvas of a tile that it lets go to zero size. */
function isLoaded(tile: LiveTile): boolean {
  return tile.context.canvas.width > 0;
}

function newContext(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  // Pixels are read back on every change of contrast: keep them in ordinary memory.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no 2D canvas");
  return context;
}
