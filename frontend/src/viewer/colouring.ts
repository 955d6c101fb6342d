/** Label pixels to colours, with outlines that join across chunk borders; pure. */
import type { Rect } from "../geometry/rect";
import { hashId, type LabelColours, N_COLOURS } from "./colours";

/** What is needed to read labels: the part of a layer store that colouring uses. */
export interface LabelPixels {
  readonly info: { readonly width: number; readonly height: number; readonly chunk: number };
  chunkAt(cy: number, cx: number): Uint32Array | undefined;
  /** True also for a chunk without an array: all background. */
  isLoaded(cy: number, cx: number): boolean;
}

export type LabelStyleName = "both" | "filled" | "outline" | "none";

export interface Colouring {
  readonly style: LabelStyleName;
  readonly colours: LabelColours;
  /** Which of the colours an instance has; without it that of its hash. */
  readonly indexOf?: ((id: number) => number) | undefined;
  /** Instances that are not drawn, such as rejected ones. */
  readonly isHidden?: ((id: number) => boolean) | undefined;
  /** Instances of which only a faint outline is drawn. */
  readonly isFaded?: ((id: number) => boolean) | undefined;
  /** Instances that are chosen, many at once: a black and white edge, dots inside. */
  readonly isChosen?: ((id: number) => boolean) | undefined;
  /** Dashed outline and hatched inside: a proposal, not an annotation. */
  readonly isDraft: boolean;
  /** The dashes of single instances, instead of those of drafts; 0 is a solid line. */
  readonly dashOf?: ((id: number) => Dash) | undefined;
  /** Pixels of an outline, towards the inside; default 1. */
  readonly edgeWidth?: number | undefined;
}

/** Dashes of 2 to this power pixels and a bit; 0 is a solid line. */
export type Dash = 0 | 1 | 2 | 3;
const DRAFT_DASH: Dash = 2;
export const WIDEST_EDGE = 4;

/** Place in the colours of an instance. */
export function colourIndex({ indexOf }: Colouring, id: number): number {
  return indexOf ? indexOf(id) : hashId(id) % N_COLOURS;
}

/** Stands for "not loaded": never an instance id, and equal to every neighbour. */
const UNKNOWN = 0xffffffff;

const WHITE = 0xffffffff;
const BLACK = 0xff000000;
const FAINT_ALPHA = 0xb0 << 24;

/** Copy the labels of a box grown by some pixels; outside of the image is background. */
export function gather(source: LabelPixels, box: Rect, out: Uint32Array, margin = 1): void {
  const { width, height, chunk: size } = source.info;
  const stride = box.x1 - box.x0 + 2 * margin;
  out.fill(0, 0, stride * (box.y1 - box.y0 + 2 * margin));
  const top = Math.max(0, box.y0 - margin);
  const bottom = Math.min(height, box.y1 + margin);
  const left = Math.max(0, box.x0 - margin);
  const right = Math.min(width, box.x1 + margin);
  for (let cy = Math.floor(top / size); cy * size < bottom; cy++) {
    for (let cx = Math.floor(left / size); cx * size < right; cx++) {
      const chunk = source.chunkAt(cy, cx);
      const isKnown = source.isLoaded(cy, cx);
      const y0 = Math.max(top, cy * size);
      const y1 = Math.min(bottom, (cy + 1) * size);
      const x0 = Math.max(left, cx * size);
      const x1 = Math.min(right, (cx + 1) * size);
      for (let y = y0; y < y1; y++) {
        const to = (y - box.y0 + margin) * stride + (x0 - box.x0 + margin);
        if (!chunk) {
          if (!isKnown) out.fill(UNKNOWN, to, to + x1 - x0);
          continue;
        }
        const from = (y - cy * size) * size + (x0 - cx * size);
        out.set(chunk.subarray(from, from + x1 - x0), to);
      }
    }
  }
}

/**
 * Colour a box of labels.
 *
 * @param padded from {@link gather}, with the width of the outline as its margin
 * @param out has the size of the box
 */
export function colourBox(
  padded: Uint32Array,
  box: Rect,
  colouring: Colouring,
  out: Uint32Array,
): void {
  const width = box.x1 - box.x0;
  const height = box.y1 - box.y0;
  const { style, colours, isHidden, isFaded, isChosen, isDraft, dashOf, edgeWidth = 1 } = colouring;
  const stride = width + 2 * edgeWidth;
  const hasFill = style === "filled" || style === "both";
  const hasEdge = style === "outline" || style === "both";
  let lastId = 0;
  let fill = 0;
  let edge = 0;
  let isFaint = false;
  let isPicked = false;
  const usual: Dash = isDraft ? DRAFT_DASH : 0;
  let dash = usual;
  for (let y = 0, to = 0; y < height; y++) {
    let at = (y + edgeWidth) * stride + edgeWidth;
    for (let x = 0; x < width; x++, at++, to++) {
      const id = padded[at] as number;
      if (id === 0 || id === UNKNOWN) {
        out[to] = 0;
        continue;
      }
      if (id !== lastId) {
        lastId = id;
        const index = colourIndex(colouring, id);
        const hidden = isHidden?.(id) ?? false;
        fill = hidden || !hasFill ? 0 : (colours.fill[index] as number);
        edge = hidden || !hasEdge ? 0 : (colours.edge[index] as number);
        isFaint = isFaded?.(id) ?? false;
        isPicked = style !== "none" && !hidden && (isChosen?.(id) ?? false);
        dash = dashOf?.(id) ?? usual;
        if (isFaint && !hidden) {
          fill = 0;
          edge = (((colours.edge[index] as number) & 0x00ffffff) | FAINT_ALPHA) >>> 0;
        }
      }
      if (isPicked) {
        const isEdge = isNearBorder(padded, at, stride, id, edgeWidth);
        out[to] = chosenPixel(x + box.x0, y + box.y0, isEdge, fill);
      } else if (edge !== 0 && isNearBorder(padded, at, stride, id, edgeWidth)) {
        // Image coordinates decide the dashes, so that they join across boxes and chunks.
        const isGap = dash !== 0 && ((x + box.x0 + y + box.y0) >> dash) % 2 === 1;
        out[to] = isGap ? (isFaint ? 0 : 0xff202020) : edge;
      } else if (dash !== 0 && fill !== 0) {
        out[to] = (x + box.x0 + y + box.y0) % 6 < 2 ? fill : 0;
      } else {
        out[to] = fill;
      }
    }
  }
}

/** Image coordinates decide, so that the pattern joins across boxes and chunks. */
function chosenPixel(x: number, y: number, isEdge: boolean, fill: number): number {
  if (isEdge) return (x + y) % 6 < 3 ? WHITE : BLACK;
  return x % 4 === 0 && y % 4 === 0 ? WHITE : fill;
}

function isNearBorder(
  padded: Uint32Array,
  at: number,
  stride: number,
  id: number,
  edgeWidth: number,
): boolean {
  if (isBorder(padded, at, stride, id)) return true;
  for (let by = 2; by <= edgeWidth; by++) {
    if (isBorder(padded, at, stride, id, by)) return true;
  }
  return false;
}

/** Whether another label lies so many pixels left, right, above or below. */
function isBorder(padded: Uint32Array, at: number, stride: number, id: number, by = 1): boolean {
  const left = padded[at - by] as number;
  const right = padded[at + by] as number;
  const above = padded[at - by * stride] as number;
  const below = padded[at + by * stride] as number;
  return (
    (left !== id && left !== UNKNOWN) ||
    (right !== id && right !== UNKNOWN) ||
    (above !== id && above !== UNKNOWN) ||
    (below !== id && below !== UNKNOWN)
  );
}
