/** The closed line that a person draws around objects. */
import type { ImagePoint } from "../geometry/points";
import type { Drawable, Frame } from "./surface";

export class LassoMark implements Drawable {
  #points: readonly ImagePoint[] = [];
  #path = new Path2D();
  /** Points that are in the path: it only grows while the pointer moves. */
  #drawn = 0;
  readonly #request: () => void;

  constructor(request: () => void) {
    this.#request = request;
  }

  /** @param points the same array with more points goes on with the line */
  set(points: readonly ImagePoint[] = []): void {
    if (points !== this.#points) {
      this.#path = new Path2D();
      this.#drawn = 0;
    }
    this.#points = points;
    for (; this.#drawn < points.length; this.#drawn++) {
      const { x, y } = points[this.#drawn] as ImagePoint;
      if (this.#drawn === 0) this.#path.moveTo(x, y);
      else this.#path.lineTo(x, y);
    }
    this.#request();
  }

  draw({ context, view, density }: Frame): boolean {
    if (this.#points.length < 2) return false;
    const { a, b, c, d, e, f } = view.toScreen;
    const [sa, sb, sc, sd, se, sf] = [a, b, c, d, e, f].map((v) => v * density) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const path = new Path2D();
    path.addPath(this.#path, { a: sa, b: sb, c: sc, d: sd, e: se, f: sf });
    path.closePath();
    context.fillStyle = "rgb(86 193 205 / 0.14)";
    context.fill(path, "evenodd");
    context.lineJoin = "round";
    context.strokeStyle = "rgb(0 0 0 / 0.75)";
    context.lineWidth = 3.5 * density;
    context.stroke(path);
    context.strokeStyle = "#56c1cd";
    context.lineWidth = 1.5 * density;
    context.setLineDash([6 * density, 4 * density]);
    context.stroke(path);
    return false;
  }
}
