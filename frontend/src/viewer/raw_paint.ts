/** Stored pixel values to colours on the screen; pure, no DOM: it runs in a worker. */
import {
  AUTO_TAILS,
  blendPlanes,
  brightnessAt,
  type ColourTable,
  invertLightness,
  LEAST_SPAN,
  type Tone,
  tableOf,
} from "./channels";

export type PixelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** What is chosen for one channel; the window is in stored values. */
export interface RawTone extends Tone {
  readonly visible: boolean;
  readonly colour: string;
}

/** Steps from black to white: far more than a screen shows, so that gamma has none to see. */
export const N_SHADES = 16_384;

/** Values that are sorted for a window: enough for its tails. */
const MOST_MEASURED = 200_000;

/** Return the place of every value in the window, 0 to N_SHADES - 1. */
export function shadesOf(values: PixelArray, { low, high }: RawTone): Uint16Array {
  const shades = new Uint16Array(values.length);
  const scale = (N_SHADES - 1) / Math.max(high - low, LEAST_SPAN);
  for (let index = 0; index < shades.length; index++) {
    const shade = ((values[index] as number) - low) * scale + 0.5;
    shades[index] = shade < 0 ? 0 : shade >= N_SHADES ? N_SHADES - 1 : shade;
  }
  return shades;
}

/** Return the colour of every shade. */
export function shadeTable(tone: RawTone): ColourTable {
  const curve = Float32Array.from({ length: N_SHADES }, (_, shade) =>
    brightnessAt(shade / (N_SHADES - 1), tone),
  );
  return tableOf(curve, tone.colour);
}

/** Keeps stored values and paints them: what a worker does, apart from how it is asked. */
export class RawStore {
  readonly #tiles = new Map<string, Map<number, PixelArray>>();

  keep(key: string, channel: number, values: PixelArray): void {
    const planes = this.#tiles.get(key) ?? new Map<number, PixelArray>();
    planes.set(channel, values);
    this.#tiles.set(key, planes);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#tiles.delete(key);
  }

  /** Return the window that all but the tails of a channel's values lie in; undefined without any. */
  measure(keys: readonly string[], channel: number): readonly [number, number] | undefined {
    const planes = keys.flatMap((key) => this.#tiles.get(key)?.get(channel) ?? []);
    const total = planes.reduce((n, values) => n + values.length, 0);
    const step = Math.max(1, Math.ceil(total / MOST_MEASURED));
    const sample: number[] = [];
    for (const values of planes) {
      for (let index = 0; index < values.length; index += step)
        sample.push(values[index] as number);
    }
    if (sample.length === 0) return undefined;
    const sorted = Float64Array.from(sample).sort();
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
    return [at(AUTO_TAILS.low), at(1 - AUTO_TAILS.high)];
  }

  /** Return RGBA pixels of every tile that is kept. */
  paint({ keys, tones, isInverted }: RawStep): PaintedTile[] {
    const tables = tones.map((tone) => (tone.visible ? shadeTable(tone) : undefined));
    return keys.flatMap((key) => {
      const planes = this.#tiles.get(key);
      const [first] = planes?.values() ?? [];
      if (!planes || !first) return [];
      const pixels = new Uint8ClampedArray(first.length * 4);
      const shaded = tones.flatMap((tone, channel) => {
        const [values, table] = [planes.get(channel), tables[channel]];
        return values && table ? [{ grey: shadesOf(values, tone), table }] : [];
      });
      blendPlanes(pixels, shaded);
      if (isInverted) invertLightness(pixels);
      return [{ key, pixels }];
    });
  }
}

export interface RawStep {
  readonly keys: readonly string[];
  readonly tones: readonly RawTone[];
  readonly isInverted: boolean;
}

export interface PaintedTile {
  readonly key: string;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

export type RawRequest =
  | {
      readonly kind: "keep";
      readonly key: string;
      readonly channel: number;
      readonly values: PixelArray;
    }
  | { readonly kind: "forget"; readonly keys: readonly string[] }
  | { readonly kind: "measure"; readonly keys: readonly string[]; readonly channel: number }
  | ({ readonly kind: "paint" } & RawStep);

export type RawAnswer =
  | { readonly kind: "painted"; readonly tiles: readonly PaintedTile[] }
  | { readonly kind: "measured"; readonly window: readonly [number, number] | undefined };
