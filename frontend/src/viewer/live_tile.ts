/** Tiles on screen: what the image has of them, and the canvas that OpenSeadragon draws. */
import {
  applyToRgba,
  blendPlanes,
  type ChannelStyle,
  type ColourTable,
  invertLightness,
  isNeutral,
} from "./channels";
import type { TileJob } from "./tile_source";

/** A canvas that OpenSeadragon draws, and the place of the image that belongs on it. */
export interface TileCanvas {
  readonly context: CanvasRenderingContext2D;
  readonly job: TileJob;
  readonly width: number;
  readonly height: number;
}

/** How tiles are shown. */
export interface Shades {
  readonly styles: readonly ChannelStyle[];
  /** One for each style. */
  readonly tables: readonly ColourTable[];
  /** Dark and light change places in the whole picture. */
  readonly isInverted: boolean;
}

abstract class Tile implements TileCanvas {
  readonly context: CanvasRenderingContext2D;
  readonly job: TileJob;
  readonly width: number;
  readonly height: number;
  /** Names the shades it shows; 0 for none. */
  painted = 0;

  constructor(job: TileJob, width: number, height: number) {
    this.job = job;
    this.width = width;
    this.height = height;
    this.context = newContext(width, height);
  }

  /** OpenSeadragon sets the canvas of a tile that it lets go to zero size. */
  get isLoaded(): boolean {
    return this.context.canvas.width > 0;
  }

  abstract paint(shades: Shades): void;

  /** Count the values of a channel (RGB: of all colours); returns false while they are not here. */
  abstract countValues(channel: number, counts: Float64Array): boolean;
}

/** A tile in the image's own colours: as a rule its canvas is all there is of it. */
export class RgbTile extends Tile {
  /** Pixels as the image has them, while the canvas shows others. */
  #own: Uint8ClampedArray | undefined;

  constructor(job: TileJob, picture: ImageBitmap) {
    super(job, picture.width, picture.height);
    this.context.drawImage(picture, 0, 0);
    picture.close();
  }

  paint({ styles, isInverted }: Shades): void {
    const [style] = styles;
    const isPlain = !style || (isNeutral(style) && !isInverted);
    if (isPlain && !this.#own) return;
    const own = this.#pixels();
    const shown = this.context.createImageData(this.width, this.height);
    shown.data.set(own);
    this.#own = isPlain ? undefined : own;
    if (!isPlain) applyToRgba(shown.data, style);
    if (!isPlain && isInverted) invertLightness(shown.data);
    this.context.putImageData(shown, 0, 0);
  }

  countValues(_channel: number, counts: Float64Array): boolean {
    const values = this.#pixels();
    for (let index = 0; index < values.length; index++) {
      // The opaque fourth byte of RGBA is no brightness.
      if (index % 4 === 3) continue;
      const value = values[index] as number;
      counts[value] = (counts[value] as number) + 1;
    }
    return true;
  }

  #pixels(): Uint8ClampedArray {
    return this.#own ?? this.context.getImageData(0, 0, this.width, this.height).data;
  }
}

/** A tile of grey planes in colours that a person chose. */
export class GreyTile extends Tile {
  /** Decoded planes by number; only those that were ever switched on. */
  readonly grey: Map<number, Uint8Array>;
  /** Planes on their way; black until they arrive. */
  readonly asked = new Set<number>();

  constructor(job: TileJob, width: number, height: number, grey: Map<number, Uint8Array>) {
    super(job, width, height);
    this.grey = grey;
  }

  paint({ styles, tables, isInverted }: Shades): void {
    const planes = styles.flatMap(({ visible }, plane) => {
      const [grey, table] = [this.grey.get(plane), tables[plane]];
      return visible && grey && table ? [{ grey, table }] : [];
    });
    const shown = this.context.createImageData(this.width, this.height);
    blendPlanes(shown.data, planes);
    if (isInverted) invertLightness(shown.data);
    this.context.putImageData(shown, 0, 0);
  }

  countValues(channel: number, counts: Float64Array): boolean {
    const values = this.grey.get(channel);
    for (const value of values ?? []) counts[value] = (counts[value] as number) + 1;
    return values !== undefined;
  }
}

export type LiveTile = RgbTile | GreyTile;

export function newContext(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  // Pixels are read back on every change of contrast: keep them in ordinary memory.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no 2D canvas");
  return context;
}
