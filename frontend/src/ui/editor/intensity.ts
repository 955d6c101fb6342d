/** Stored pixel values and the 8-bit view of them that tiles show; pure. */
import type { ImageInfo } from "./model";

export type Scaled = Pick<ImageInfo, "isRgb" | "channels" | "dtype">;

/** The window of the 8-bit view, in stored values. */
function viewWindow(image: Scaled, channel: number): readonly [number, number] {
  const window = image.channels[channel]?.window;
  return window && window[1] > window[0] ? window : [0, 255];
}

/** The stored value that the view shows as `value`. */
export function toStored(image: Scaled, channel: number, value: number): number {
  const [low, high] = viewWindow(image, channel);
  return low + (value / 255) * (high - low);
}

/** The place of a stored value in the view: 0 is its black and 255 its white, others lie beyond. */
export function toView(image: Scaled, channel: number, stored: number): number {
  const [low, high] = viewWindow(image, channel);
  return ((stored - low) / (high - low)) * 255;
}

const isFloat = (image: Scaled) => image.dtype.startsWith("float");

/** The narrowest window that tells values apart, in the view: a grey value, or a stored one. */
export function leastSpan(image: Scaled, channel: number): number {
  if (image.isRgb) return 1;
  const [low, high] = viewWindow(image, channel);
  return isFloat(image) ? 255 / 65_536 : Math.min(1, 255 / (high - low));
}

/** Whether stored values between two grey values of the view are lost in it. */
export function isDeeperThanView(image: Scaled, channel: number): boolean {
  if (image.isRgb || image.dtype === "uint8") return false;
  const [low, high] = viewWindow(image, channel);
  return isFloat(image) || high - low > 255;
}

/** A stored value as people read it: whole where the image has whole numbers. */
export function storedText(image: Scaled, stored: number): string {
  if (!isFloat(image)) return String(Math.round(stored));
  return Number.parseFloat(stored.toPrecision(4)).toString();
}
