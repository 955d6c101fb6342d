/** A picture over a part of the image, below the labels. */
import { height, type Rect, width } from "../geometry/rect";
import type { Drawable, Frame } from "./surface";

export class MapMark implements Drawable {
  readonly #request: () => void;
  #map: { picture: ImageBitmap; box: Rect } | undefined;
  #opacity = 1;

  constructor(request: () => void) {
    this.#request = request;
  }

  set(map: { picture: ImageBitmap; box: Rect } | undefined): void {
    if (this.#map?.picture !== map?.picture) this.#map?.picture.close();
    this.#map = map;
    this.#request();
  }

  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    this.#request();
  }

  draw({ context, view, density }: Frame): boolean {
    if (!this.#map) return false;
    const { picture, box } = this.#map;
    const { a, d, e, f } = view.toScreen;
    context.globalAlpha = this.#opacity;
    context.imageSmoothingEnabled = view.scale < 1;
    context.drawImage(
      picture,
      (box.x0 * a + e) * density,
      (box.y0 * d + f) * density,
      width(box) * a * density,
      height(box) * d * density,
    );
    return false;
  }
}
