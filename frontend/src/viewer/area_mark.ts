/** An area that is not written yet: filled thinly, with a line along its pixels. */
import { height, type Rect, width } from "../geometry/rect";
import { edgeLines } from "../labels/outline";
import type { Area } from "../labels/similar";
import { parseColour } from "./channels";
import type { Drawable, Frame } from "./surface";

/** The line around larger areas would cost a frame: their filling is stronger instead. */
const MOST_TRACED_PX = 250_000;
const ALPHA = 90;
const ALPHA_ALONE = 150;

export class AreaMark implements Drawable {
  readonly #request: () => void;
  #box: Rect | undefined;
  #picture: HTMLCanvasElement | undefined;
  #line: Path2D | undefined;
  #colour = "";

  constructor(request: () => void) {
    this.#request = request;
  }

  set(area: Area | undefined, colour: string): void {
    this.#box = area?.box;
    this.#colour = colour;
    const isTraced = area !== undefined && area.inside.length <= MOST_TRACED_PX;
    this.#line = isTraced ? lineAround(area) : undefined;
    this.#picture = area && pictureOf(area, colour, isTraced ? ALPHA : ALPHA_ALONE);
    this.#request();
  }

  draw({ context, view, density }: Frame): boolean {
    if (!this.#box || !this.#picture) return false;
    const { a, b, c, d, e, f } = view.toScreen;
    const place: [number, number, number, number, number, number] = [
      ...([a * density, b * density, c * density] as const),
      ...([d * density, e * density, f * density] as const),
    ];
    context.setTransform(...place);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#picture, this.#box.x0, this.#box.y0);
    if (!this.#line) return false;
    const line = new Path2D();
    line.addPath(this.#line, new DOMMatrix(place));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.lineCap = "square";
    context.strokeStyle = "rgb(0 0 0 / 0.75)";
    context.lineWidth = 3.5 * density;
    context.stroke(line);
    context.strokeStyle = this.#colour;
    context.lineWidth = 1.5 * density;
    context.stroke(line);
    return false;
  }
}

function pictureOf({ box, inside }: Area, colour: string, alpha: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width(box);
  canvas.height = height(box);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const [red, green, blue] = parseColour(colour);
  // Bytes in memory are red, green, blue, alpha from the lowest on.
  const paint = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const words = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < inside.length; i++) if (inside[i]) words[i] = paint;
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function lineAround({ box, inside }: Area): Path2D {
  const wide = width(box);
  const isIn = (x: number, y: number) =>
    x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1
      ? (inside[(y - box.y0) * wide + x - box.x0] as number)
      : 0;
  const lines = edgeLines(isIn, box);
  const path = new Path2D();
  for (let at = 0; at + 3 < lines.length; at += 4) {
    path.moveTo(lines[at] as number, lines[at + 1] as number);
    path.lineTo(lines[at + 2] as number, lines[at + 3] as number);
  }
  return path;
}
