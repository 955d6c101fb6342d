/** How grey planes and RGB pixels become colours on the screen; pure, no DOM. */

/** What a person chose for one channel; window is in the 8-bit view of the tiles. */
export interface ChannelStyle {
  readonly name: string;
  readonly visible: boolean;
  /** "#rrggbb"; ignored for RGB images. */
  readonly colour: string;
  readonly low: number;
  readonly high: number;
  readonly gamma: number;
  /** Bright becomes dark in this channel. */
  readonly isInverted: boolean;
}

/** How values of one channel become brightness. */
export type Tone = Pick<ChannelStyle, "low" | "high" | "gamma" | "isInverted">;

/** The image as it is: the whole window, straight. */
export const PLAIN_TONE: Tone = { low: 0, high: 255, gamma: 1, isInverted: false };

export interface ColourTable {
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

const BYTE_MAX = 255;

/** A window of width zero would divide by zero; it acts as a threshold instead. */
export const LEAST_SPAN = 1e-6;

/** Return the brightness 0..1 of a place in the window, 0 at its dark end and 1 at its bright one. */
export function brightnessAt(
  share: number,
  { gamma, isInverted }: Pick<Tone, "gamma" | "isInverted">,
): number {
  const response = Math.min(1, Math.max(0, share)) ** (1 / gamma);
  return isInverted ? 1 - response : response;
}

/** Return the brightness 0..1 of each of the 256 grey values. */
export function responseCurve(tone: Tone): Float32Array {
  const span = Math.max(tone.high - tone.low, LEAST_SPAN);
  return Float32Array.from({ length: 256 }, (_, value) =>
    brightnessAt((value - tone.low) / span, tone),
  );
}

/** Split "#rrggbb" into bytes; anything else is white. */
export function parseColour(colour: string): readonly [number, number, number] {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!match) return [BYTE_MAX, BYTE_MAX, BYTE_MAX];
  const byte = (index: number) => Number.parseInt(match[index] ?? "ff", 16);
  return [byte(1), byte(2), byte(3)];
}

/** Return the table of one grey channel shown in its colour. */
export function colourTable(style: ChannelStyle): ColourTable {
  return tableOf(responseCurve(style), style.colour);
}

/** Return the colours of brightnesses 0..1. */
export function tableOf(curve: Float32Array, colour: string): ColourTable {
  const [r, g, b] = parseColour(colour);
  const scaled = (top: number) => Uint8Array.from(curve, (value) => Math.round(value * top));
  return { red: scaled(r), green: scaled(g), blue: scaled(b) };
}

/** Whether a style leaves 8-bit values as they are, so that pixels need no pass at all. */
export function isNeutral({ low, high, gamma, isInverted }: Tone): boolean {
  return low === 0 && high === BYTE_MAX && gamma === 1 && !isInverted;
}

/**
 * Return how many of the screen's 256 steps two neighbouring greys of the tiles lie apart, at most.
 *
 * Where the response is steepest: at its dark end when gamma brightens, else at its bright end.
 */
export function coarsestStep({ low, high, gamma }: Pick<Tone, "low" | "high" | "gamma">): number {
  const share = Math.min(1, 1 / Math.max(high - low, LEAST_SPAN));
  return BYTE_MAX * Math.max(share ** (1 / gamma), 1 - (1 - share) ** (1 / gamma));
}

/**
 * Make light what is dark and the reverse, in place; colours keep their hue.
 *
 * Each pixel moves along the grey axis so that its lightness (the mean of its largest and smallest
 * colour) is mirrored; doing it twice gives the same pixels again.
 */
export function invertLightness(pixels: Uint8ClampedArray): void {
  for (let index = 0; index < pixels.length; index += 4) {
    const [r, g, b] = [pixels[index], pixels[index + 1], pixels[index + 2]] as [
      number,
      number,
      number,
    ];
    const shift = BYTE_MAX - Math.max(r, g, b) - Math.min(r, g, b);
    pixels[index] = r + shift;
    pixels[index + 1] = g + shift;
    pixels[index + 2] = b + shift;
  }
}

/** Apply one response curve to RGBA pixels in place. */
export function applyToRgba(pixels: Uint8ClampedArray, tone: Tone): void {
  const table = Uint8Array.from(responseCurve(tone), (value) => Math.round(value * BYTE_MAX));
  for (let index = 0; index < pixels.length; index += 4) {
    pixels[index] = table[pixels[index] as number] as number;
    pixels[index + 1] = table[pixels[index + 1] as number] as number;
    pixels[index + 2] = table[pixels[index + 2] as number] as number;
  }
}

export interface ShadedPlane {
  /** Places in the table, one per pixel. */
  readonly grey: Uint8Array | Uint16Array;
  readonly table: ColourTable;
}

/** Write the sum of coloured grey planes into RGBA pixels; light adds up and clips. */
export function blendPlanes(out: Uint8ClampedArray, planes: readonly ShadedPlane[]): void {
  const first = planes[0];
  if (!first) {
    new Uint32Array(out.buffer, out.byteOffset, out.length >> 2).fill(0xff000000);
    return;
  }
  if (planes.length === 1) {
    blendOne(out, first.grey, first.table);
    return;
  }
  const n = out.length >> 2;
  const red = new Uint16Array(n);
  const green = new Uint16Array(n);
  const blue = new Uint16Array(n);
  for (const { grey, table } of planes) {
    for (let index = 0; index < n; index++) {
      const value = grey[index] as number;
      red[index] = (red[index] as number) + (table.red[value] as number);
      green[index] = (green[index] as number) + (table.green[value] as number);
      blue[index] = (blue[index] as number) + (table.blue[value] as number);
    }
  }
  for (let index = 0, at = 0; index < n; index++, at += 4) {
    // The clamped array cuts sums above 255.
    out[at] = red[index] as number;
    out[at + 1] = green[index] as number;
    out[at + 2] = blue[index] as number;
    out[at + 3] = BYTE_MAX;
  }
}

function blendOne(out: Uint8ClampedArray, grey: ShadedPlane["grey"], table: ColourTable): void {
  const packed = new Uint32Array(table.red.length);
  for (let value = 0; value < packed.length; value++) {
    packed[value] =
      (0xff000000 |
        ((table.blue[value] as number) << 16) |
        ((table.green[value] as number) << 8) |
        (table.red[value] as number)) >>>
      0;
  }
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length >> 2);
  for (let index = 0; index < words.length; index++) {
    words[index] = packed[grey[index] as number] as number;
  }
}

/** Shares of the pixels that an automatic window makes black and white. */
export const AUTO_TAILS = { low: 0.005, high: 0.002 };

/** Find the window that keeps all but the given tails of a 256-bin histogram, in bins. */
export function windowFromHistogram(
  counts: ArrayLike<number>,
  tails: { readonly low: number; readonly high: number } = AUTO_TAILS,
): readonly [number, number] {
  let total = 0;
  for (let value = 0; value < 256; value++) total += counts[value] ?? 0;
  if (total === 0) return [0, BYTE_MAX];
  let low = 0;
  for (let below = counts[0] ?? 0; low < 254 && below <= total * tails.low; ) {
    low++;
    below += counts[low] ?? 0;
  }
  let high = BYTE_MAX;
  for (let above = counts[BYTE_MAX] ?? 0; high > low + 1 && above <= total * tails.high; ) {
    high--;
    above += counts[high] ?? 0;
  }
  return [low, high];
}
