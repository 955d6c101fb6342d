/** Tables of colours: many, for a hash of the instance's id, or a few that are given; pure. */

/** What an instance looks like; colours are little-endian RGBA words, 0 is invisible. */
export interface LabelColours {
  readonly fill: Uint32Array;
  readonly edge: Uint32Array;
}

/** Colours in the table; ids that share one are rarely neighbours. */
export const N_COLOURS = 1024;

/** Spread neighbouring ids far apart (finaliser of MurmurHash3). */
export function hashId(id: number, seed = 0): number {
  let hash = (id ^ seed) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function packRgba(r: number, g: number, b: number, alpha: number): number {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** Return red, green and blue (0..255) of hue 0..360, saturation and lightness 0..1. */
function fromHsl(
  hue: number,
  saturation: number,
  lightness: number,
): readonly [number, number, number] {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** A band of the colour circle, in degrees; may run past 360. */
export type Hues = readonly [first: number, last: number];

/** Build the table of one layer; `hues` narrows it, so that two layers can be told apart. */
export function labelColours(options: {
  fillAlpha: number;
  edgeAlpha: number;
  hues?: readonly Hues[];
}): LabelColours {
  const hues = options.hues ?? [[0, 360]];
  const fill = new Uint32Array(N_COLOURS);
  const edge = new Uint32Array(N_COLOURS);
  for (let index = 0; index < N_COLOURS; index++) {
    const hue = hueAt((index * 0.618034) % 1, hues);
    // Middle lightness: seen on the black of fluorescence and on the white of a slide.
    const lightness = 0.46 + 0.09 * ((index >> 3) % 3);
    const [r, g, b] = fromHsl(hue % 360, 0.92, lightness);
    fill[index] = packRgba(r, g, b, options.fillAlpha);
    edge[index] = packRgba(r, g, b, options.edgeAlpha);
  }
  return { fill, edge };
}

/** Build a table of given colours, "#rrggbb" each. */
export function listedColours(
  colours: readonly string[],
  fillAlpha: number,
  edgeAlpha: number,
): LabelColours {
  const packed = (alpha: number) =>
    Uint32Array.from(colours, (colour) => {
      const rgb = Number.parseInt(colour.slice(1), 16);
      return packRgba(rgb >> 16, (rgb >> 8) & 255, rgb & 255, alpha);
    });
  return { fill: packed(fillAlpha), edge: packed(edgeAlpha) };
}

/** Return the hue at a part (0..1) of the bands laid end to end. */
function hueAt(part: number, hues: readonly Hues[]): number {
  let left = part * hues.reduce((sum, [first, last]) => sum + last - first, 0);
  for (const [first, last] of hues) {
    if (left < last - first) return first + left;
    left -= last - first;
  }
  return hues.at(-1)?.[1] ?? 0;
}
