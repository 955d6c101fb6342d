/** Single marks over the labels: selection, regions, the brush and the box being drawn. */
import type { ImagePoint } from "../geometry/points";
import {
  EMPTY_RECT,
  grow,
  height,
  intersect,
  isEmpty,
  type Rect,
  rect,
  union,
  width,
} from "../geometry/rect";
import { brushOutline, edgeLines } from "../labels/outline";
import type { LabelReader } from "../store/types";
import { gather } from "./colouring";
import { showsDetail } from "./label_view";
import type { Drawable, Frame } from "./surface";

/** Larger selections are marked by their box: tracing them would cost a frame. */
const MOST_TRACED_PX = 1_500_000;

export function setImageTransform({ context, view, density }: Frame): void {
  const { a, b, c, d, e, f } = view.toScreen;
  context.setTransform(
    a * density,
    b * density,
    c * density,
    d * density,
    e * density,
    f * density,
  );
}

/** Stroke the current path twice, so that it shows on dark and on bright ground. */
export function strokeTwice({ context, density }: Frame, width: number, colour: string): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.lineJoin = "round";
  context.strokeStyle = "rgb(0 0 0 / 0.75)";
  context.lineWidth = (width + 2) * density;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width * density;
  context.stroke();
}

/** Stroke the outline of an instance, in image pixels: dark below, so that it shows on any stain. */
export function strokeOutline(frame: Frame, outline: Path2D, width: number, colour: string): void {
  const { context, density } = frame;
  setImageTransform(frame);
  const path = new Path2D();
  const { a, b, c, d, e, f } = context.getTransform();
  path.addPath(outline, { a, b, c, d, e, f });
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.lineCap = "square";
  context.setLineDash([]);
  context.strokeStyle = "rgb(0 0 0 / 0.8)";
  context.lineWidth = 4.5 * density;
  context.stroke(path);
  context.strokeStyle = colour;
  context.lineWidth = width * density;
  context.stroke(path);
}

/** A thick line around the selected instance, exactly along its pixels. */
export class SelectionMark implements Drawable {
  #reader: LabelReader | undefined;
  #id = 0;
  #path: Path2D | undefined;
  /** Painted since the index was last told: a stroke is in progress. */
  #fresh: Rect = EMPTY_RECT;
  #dispose: (() => void) | undefined;
  readonly #request: () => void;
  colour = "#ffffff";

  constructor(request: () => void) {
    this.#request = request;
  }

  set(reader: LabelReader | undefined, id: number): void {
    this.#dispose?.();
    this.#reader = reader;
    this.#id = id;
    this.#path = undefined;
    this.#fresh = EMPTY_RECT;
    const disposers = [
      reader?.onDirty((event) => {
        this.#path = undefined;
        if (event.origin === "local") this.#fresh = union(this.#fresh, event.rect);
      }),
      reader?.onInstances(() => {
        this.#path = undefined;
        this.#fresh = EMPTY_RECT;
        this.#request();
      }),
    ];
    this.#dispose = () => {
      for (const dispose of disposers) dispose?.();
    };
    this.#request();
  }

  draw(frame: Frame): boolean {
    if (!this.#reader || this.#id === 0) return false;
    if (!showsDetail(frame.view, this.#reader.info.chunk)) return false;
    // Tracing a growing object in every frame of a stroke would halve the frame rate.
    if (!isEmpty(this.#fresh)) return false;
    this.#path ??= traceInstance(this.#reader, this.#id);
    strokeOutline(frame, this.#path, 2, this.colour);
    return false;
  }
}

/** The outline of an instance in image pixels, exactly along its own. */
export function traceInstance(reader: LabelReader, id: number): Path2D {
  const path = new Path2D();
  const row = reader.instances.get(id);
  const whole = rect(0, 0, reader.info.width, reader.info.height);
  const box = intersect(grow(row?.box ?? EMPTY_RECT, 1), whole);
  if (isEmpty(box)) return path;
  if (width(box) * height(box) > MOST_TRACED_PX) {
    path.rect(box.x0, box.y0, width(box), height(box));
    return path;
  }
  const stride = width(box) + 2;
  const padded = new Uint32Array(stride * (height(box) + 2));
  gather(reader, box, padded);
  const isInside = (x: number, y: number) =>
    padded[(y - box.y0 + 1) * stride + (x - box.x0 + 1)] === id ? 1 : 0;
  const lines = edgeLines(isInside, box);
  for (let at = 0; at + 3 < lines.length; at += 4) {
    path.moveTo(lines[at] as number, lines[at + 1] as number);
    path.lineTo(lines[at + 2] as number, lines[at + 3] as number);
  }
  return path;
}

export interface RegionBox {
  readonly id: string;
  readonly box: Rect;
  readonly colour: string;
  readonly label: string;
  readonly isOpen: boolean;
  readonly isChosen: boolean;
}

/** The declared regions with their names; open ones dashed. */
export class RegionMarks implements Drawable {
  #regions: readonly RegionBox[] = [];
  readonly #request: () => void;

  constructor(request: () => void) {
    this.#request = request;
  }

  set(regions: readonly RegionBox[]): void {
    this.#regions = regions;
    this.#request();
  }

  draw(frame: Frame): boolean {
    const { context, view, density } = frame;
    const { a, e, f } = view.toScreen;
    context.font = `600 ${11 * density}px system-ui, sans-serif`;
    context.textBaseline = "bottom";
    for (const region of this.#regions) {
      const left = Math.round((region.box.x0 * a + e) * density);
      const top = Math.round((region.box.y0 * a + f) * density);
      const right = Math.round((region.box.x1 * a + e) * density);
      const bottom = Math.round((region.box.y1 * a + f) * density);
      context.setLineDash([]);
      context.strokeStyle = "rgb(0 0 0 / 0.7)";
      context.lineWidth = (region.isChosen ? 5 : 3.5) * density;
      context.strokeRect(left, top, right - left, bottom - top);
      context.setLineDash(region.isOpen ? [8 * density, 5 * density] : []);
      context.strokeStyle = region.colour;
      context.lineWidth = (region.isChosen ? 2.5 : 1.5) * density;
      context.strokeRect(left, top, right - left, bottom - top);
      const textWidth = context.measureText(region.label).width + 10 * density;
      if (right - left < textWidth) continue;
      // Kept inside of the stage: a whole-image region has its corner out of sight when zoomed in.
      const x = Math.max(left, 0);
      const y = Math.max(top, 18 * density);
      if (x + textWidth > right || y > bottom) continue;
      context.fillStyle = region.colour;
      context.fillRect(x, y - 17 * density, textWidth, 17 * density);
      context.fillStyle = "#10151c";
      context.fillText(region.label, x + 5 * density, y - 2 * density);
    }
    return false;
  }
}

/** The edge of the very pixels a click would paint, and the box being dragged. */
export class CursorMark implements Drawable {
  #brush: { centre: ImagePoint; radius: number; colour: string } | undefined;
  #band: { box: Rect; colour: string } | undefined;
  readonly #request: () => void;

  constructor(request: () => void) {
    this.#request = request;
  }

  setBrush(brush: { centre: ImagePoint; radius: number; colour: string } | undefined): void {
    if (!brush && !this.#brush) return;
    this.#brush = brush;
    this.#request();
  }

  setBand(band: { box: Rect; colour: string } | undefined): void {
    this.#band = band;
    this.#request();
  }

  draw(frame: Frame): boolean {
    if (this.#brush) {
      frame.context.beginPath();
      setImageTransform(frame);
      traceDisk(frame.context, this.#brush.centre, this.#brush.radius);
      strokeTwice(frame, 1.25, this.#brush.colour);
    }
    if (this.#band) {
      const { box, colour } = this.#band;
      frame.context.beginPath();
      setImageTransform(frame);
      frame.context.rect(box.x0, box.y0, width(box), height(box));
      strokeTwice(frame, 1.5, colour);
    }
    return false;
  }
}

/** Walk around the pixels that the brush would paint. */
function traceDisk(context: CanvasRenderingContext2D, centre: ImagePoint, radius: number): void {
  const corners = brushOutline(centre, radius);
  if (corners.length === 0) return;
  context.moveTo(corners[0] as number, corners[1] as number);
  for (let at = 2; at + 1 < corners.length; at += 2) {
    context.lineTo(corners[at] as number, corners[at + 1] as number);
  }
  context.closePath();
}
