/** What is drawn over the image before anything is done: an outline, a line, corners, seeds. */
import type { ImagePoint } from "../geometry/points";
import { setImageTransform, strokeTwice } from "./marks";
import type { Drawable, Frame } from "./surface";

export interface Sketch {
  readonly shape: "line" | "outline" | "corners" | "seeds";
  readonly points: readonly ImagePoint[];
  /** Keys that were held at its first point. */
  readonly held: { readonly isShift: boolean; readonly isAlt: boolean };
  /** It goes on to the pointer. */
  readonly isOpen: boolean;
}

const COLOUR = "#7ee0ff";
const ERASING = "#ffb38a";
const CORNER_PX = 3;
const SEED_PX = 6;

export class SketchMark implements Drawable {
  #sketch: Sketch | undefined;
  #pointer: ImagePoint | undefined;
  readonly #request: () => void;

  constructor(request: () => void) {
    this.#request = request;
  }

  set(sketch: Sketch | undefined): void {
    if (!sketch && !this.#sketch) return;
    this.#sketch = sketch;
    this.#request();
  }

  /** Where an open sketch leads to. */
  follow(pointer: ImagePoint | undefined): void {
    this.#pointer = pointer;
    if (this.#sketch?.isOpen) this.#request();
  }

  draw(frame: Frame): boolean {
    const sketch = this.#sketch;
    if (!sketch) return false;
    const colour = sketch.held.isAlt ? ERASING : COLOUR;
    if (sketch.shape === "seeds") dots(frame, sketch.points, SEED_PX, colour);
    else this.#path(frame, sketch, colour);
    if (sketch.shape !== "corners") return false;
    dots(frame, sketch.points, CORNER_PX, colour);
    // The corner on which a click closes the outline.
    if (sketch.points.length > 2) dots(frame, sketch.points.slice(0, 1), SEED_PX, colour);
    return false;
  }

  #path(frame: Frame, { points, shape, isOpen }: Sketch, colour: string): void {
    const { context } = frame;
    context.beginPath();
    setImageTransform(frame);
    points.forEach(({ x, y }, at) => {
      if (at === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    if (isOpen && this.#pointer) context.lineTo(this.#pointer.x, this.#pointer.y);
    if (shape !== "line") {
      context.fillStyle = `${colour}2e`;
      context.fill("evenodd");
    }
    if (shape === "outline") context.closePath();
    strokeTwice(frame, 1.5, colour);
  }
}

/** Disks of a size on screen. */
function dots(frame: Frame, points: readonly ImagePoint[], radius: number, colour: string): void {
  const { context, view, density } = frame;
  const { a, d, e, f } = view.toScreen;
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const { x, y } of points) {
    context.beginPath();
    context.arc((x * a + e) * density, (y * d + f) * density, radius * density, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.strokeStyle = "rgb(0 0 0 / 0.8)";
    context.lineWidth = 1.5 * density;
    context.stroke();
  }
}
