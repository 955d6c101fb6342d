/** Where the view goes to show a box of the image. */
import { type Affine, toScreen } from "./affine";
import { imagePoint } from "./points";
import { height, type Rect, width } from "./rect";

/** What of an image is on screen. */
export interface Seen {
  readonly toScreen: Affine;
  /** Screen pixels per image pixel. */
  readonly scale: number;
  /** Of the screen. */
  readonly width: number;
  readonly height: number;
}

/** A view by its middle in image pixels. */
export interface Goal {
  readonly x: number;
  readonly y: number;
  /** Undefined to leave the zoom as it is. */
  readonly scale: number | undefined;
}

/** An object that is smaller on screen cannot be judged. */
const SMALLEST_PX = 40;
/** So much of the screen's shorter side an object may take, and takes when it is zoomed to. */
const LARGEST_SHARE = 0.8;
const ZOOMED_SHARE = 0.35;
const MOST_SCALE = 8;
/** Room between the image's edge and the screen's, where the scale bar is: an object may lie there. */
const RIM_PX = 48;
/** Seen well: within this share of the screen about its middle. */
const WELL_WITHIN = 0.9;

/**
 * Stay put when the box is seen well, zoom only when it is tiny or cut, and show no more than a rim
 * beyond the image.
 *
 * @param scale that the view is on its way to
 * @returns undefined to stay
 */
export function goalFor(
  box: Rect,
  seen: Seen,
  scale: number,
  image: { readonly width: number; readonly height: number },
): Goal | undefined {
  const side = Math.max(width(box), height(box), 1);
  const size = side * seen.scale;
  const room = Math.min(seen.width, seen.height);
  if (size >= SMALLEST_PX && isSeenWell(box, size, seen)) return undefined;
  const isMisfit = side * scale < SMALLEST_PX || side * scale > room * LARGEST_SHARE;
  const zoomed = isMisfit ? Math.min(MOST_SCALE, (room * ZOOMED_SHARE) / side) : undefined;
  const then = zoomed ?? scale;
  return {
    x: middleWithin((box.x0 + box.x1) / 2, seen.width / then, image.width, RIM_PX / then),
    y: middleWithin((box.y0 + box.y1) / 2, seen.height / then, image.height, RIM_PX / then),
    scale: zoomed,
  };
}

function isSeenWell(box: Rect, size: number, screen: Seen): boolean {
  const middle = imagePoint((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2);
  const { x, y } = toScreen(screen.toScreen, middle);
  return (
    Math.abs(x - screen.width / 2) + size / 2 < (screen.width * WELL_WITHIN) / 2 &&
    Math.abs(y - screen.height / 2) + size / 2 < (screen.height * WELL_WITHIN) / 2
  );
}

/** The middle nearest to the wanted one of a view that ends a rim beyond the image at most. */
function middleWithin(wanted: number, shown: number, length: number, rim: number): number {
  if (shown >= length) return length / 2;
  const least = shown / 2 - rim;
  return Math.min(length - least, Math.max(least, wanted));
}
