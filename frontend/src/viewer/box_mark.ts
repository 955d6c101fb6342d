/** One box that is pointed at, so that it is seen where something happened. */
import { grow, height, type Rect, width } from "../geometry/rect";
import type { Drawable, Frame } from "./surface";

const COLOUR = "#ff9de0";
/** Smaller boxes are drawn this large (CSS pixels), or they would not be found. */
const SMALLEST_PX = 14;

export class BoxMark implements Drawable {
  #box: Rect | undefined;
  readonly #request: () => void;

  constructor(request: () => void) {
    this.#request = request;
  }

  set(box: Rect | undefined): void {
    if (!box && !this.#box) return;
    this.#box = box;
    this.#request();
  }

  get box(): Rect | undefined {
    return this.#box;
  }

  draw({ context, view, density }: Frame): boolean {
    if (!this.#box) return false;
    const { a, e, f } = view.toScreen;
    const least = SMALLEST_PX / a;
    const short = Math.min(width(this.#box), height(this.#box));
    const box = grow(this.#box, Math.max(1, (least - short) / 2));
    const at = [box.x0 * a + e, box.y0 * a + f, width(box) * a, height(box) * a].map(
      (value) => value * density,
    ) as [number, number, number, number];
    context.setLineDash([]);
    context.strokeStyle = "rgb(0 0 0 / 0.75)";
    context.lineWidth = 4 * density;
    context.strokeRect(...at);
    context.setLineDash([7 * density, 4 * density]);
    context.strokeStyle = COLOUR;
    context.lineWidth = 2 * density;
    context.strokeRect(...at);
    return false;
  }
}
