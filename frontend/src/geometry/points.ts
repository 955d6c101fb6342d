/** Points of the two coordinate systems; the brand keeps one from being passed for the other. */

declare const space: unique symbol;

/**
 * A place on the image in pixels of level 0, x to the right, y down.
 * (0, 0) is the corner of the first pixel, whose centre is (0.5, 0.5).
 */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
  readonly [space]: "image";
}

/** A place on the viewer element in CSS pixels from its top left corner. */
export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
  readonly [space]: "screen";
}

export function imagePoint(x: number, y: number): ImagePoint {
  return { x, y } as ImagePoint;
}

export function screenPoint(x: number, y: number): ScreenPoint {
  return { x, y } as ScreenPoint;
}
