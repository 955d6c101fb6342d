/** Symbols written straight into pixels, since there may be very many of them; pure. */

/** Pixels as little-endian RGBA words. */
export interface Sheet {
  readonly words: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Squares are annotated objects, hollow diamonds are proposed ones. */
export type Shape = "square" | "diamond";

export interface Symbol {
  /** Middle and half of the side, in pixels of the sheet. */
  readonly x: number;
  readonly y: number;
  readonly half: number;
  readonly shape: Shape;
  readonly colour: number;
  /** A white rim and a black core: within the symbol, since others are near. */
  readonly isChosen: boolean;
}

const OPAQUE = 0xff000000;
const RIM = 0xc0000000;
const WHITE = 0xffffffff;

/** @param density device pixels per screen pixel: how thick lines are */
export function stamp(sheet: Sheet, symbol: Symbol, density: number): void {
  const { shape, isChosen } = symbol;
  const line = Math.max(1, Math.round(density));
  const half = Math.round(symbol.half);
  const colour = (symbol.colour | OPAQUE) >>> 0;
  const away = (dx: number, dy: number) =>
    shape === "diamond" ? Math.abs(dx) + Math.abs(dy) : Math.max(Math.abs(dx), Math.abs(dy));
  const rim = isChosen ? WHITE : RIM;
  put(sheet, symbol, half + line, (dx, dy) => {
    const distance = away(dx, dy);
    if (distance > half + line) return 0;
    if (distance > half) return rim;
    if (isChosen && distance <= line) return OPAQUE;
    // The inside of a diamond stays open: what lies below it is seen.
    return shape === "square" || distance > half - 2 * line ? colour : 0;
  });
}

/** Ask for every pixel of a square what it becomes; 0 leaves it. */
function put(
  { words, width, height }: Sheet,
  { x, y }: Symbol,
  reach: number,
  wordAt: (dx: number, dy: number) => number,
): void {
  const [cx, cy] = [Math.round(x), Math.round(y)];
  for (let py = Math.max(0, cy - reach); py <= Math.min(height - 1, cy + reach); py++) {
    for (let px = Math.max(0, cx - reach); px <= Math.min(width - 1, cx + reach); px++) {
      const word = wordAt(px - cx, py - cy);
      if (word !== 0) words[py * width + px] = word;
    }
  }
}
