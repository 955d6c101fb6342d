/** Affine maps between image and screen; rotation and flip come free. */

import { type ImagePoint, imagePoint, type ScreenPoint, screenPoint } from "./points";
import { type Rect, rect } from "./rect";

/** x' = a x + c y + e, y' = b x + d y + f: the order of `setTransform` of a 2D canvas. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** @throws RangeError when the map flattens the plane and has no inverse. */
export function invert(m: Affine): Affine {
  const det = m.a * m.d - m.b * m.c;
  if (!(Math.abs(det) > 1e-12)) throw new RangeError("This map has no inverse.");
  return {
    a: m.d / det,
    b: -m.b / det,
    c: -m.c / det,
    d: m.a / det,
    e: (m.c * m.f - m.d * m.e) / det,
    f: (m.b * m.e - m.a * m.f) / det,
  };
}

/** `toScreen` maps image to screen. */
export function toScreen(toScreen: Affine, p: ImagePoint): ScreenPoint {
  const m = toScreen;
  return screenPoint(m.a * p.x + m.c * p.y + m.e, m.b * p.x + m.d * p.y + m.f);
}

/** `toImage` maps screen to image: the inverse of the drawing map. */
export function toImage(toImage: Affine, p: ScreenPoint): ImagePoint {
  const m = toImage;
  return imagePoint(m.a * p.x + m.c * p.y + m.e, m.b * p.x + m.d * p.y + m.f);
}

/** Whole image pixels seen in a screen box of this size. */
export function visibleRect(toImageMap: Affine, screenWidth: number, screenHeight: number): Rect {
  const corners = [
    toImage(toImageMap, screenPoint(0, 0)),
    toImage(toImageMap, screenPoint(screenWidth, 0)),
    toImage(toImageMap, screenPoint(0, screenHeight)),
    toImage(toImageMap, screenPoint(screenWidth, screenHeight)),
  ];
  const xs = corners.map((p) => p.x);
  const ys = corners.map((p) => p.y);
  return rect(
    Math.floor(Math.min(...xs)),
    Math.floor(Math.min(...ys)),
    Math.ceil(Math.max(...xs)),
    Math.ceil(Math.max(...ys)),
  );
}
