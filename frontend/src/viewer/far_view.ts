/** A label layer from far away: drawn once for a zoom and a state of its index, then only moved. */
import { intersect, type Rect, rect } from "../geometry/rect";
import type { LabelReader } from "../store/types";
import { type Colouring, colourIndex } from "./colouring";
import { stamp } from "./far_stamp";
import { farSymbols, symbolPx } from "./far_symbols";
import type { Frame } from "./surface";

/** It is drawn so far around the view, in parts of the view: then moves cost nothing. */
const MARGIN = 0.5;
/** The same zoom, up to what the view's arithmetic leaves. */
const SAME = 1e-4;

interface Drawn {
  readonly canvas: OffscreenCanvas;
  /** Of the image. */
  readonly box: Rect;
  /** Device pixels per image pixel. */
  readonly scale: number;
  readonly version: number;
}

export class FarView {
  readonly #reader: LabelReader;
  #drawn: Drawn | undefined;
  #lastScale = 0;
  #times = 0;

  constructor(reader: LabelReader) {
    this.#reader = reader;
  }

  /** How often it was drawn anew. */
  get timesDrawn(): number {
    return this.#times;
  }

  /** Colours, or what is hidden or chosen, changed. */
  forget(): void {
    this.#drawn = undefined;
  }

  /** Returns true while what is seen is stretched: once the zoom rests it is drawn anew. */
  draw({ context, view, density }: Frame, colouring: Colouring): boolean {
    const scale = view.scale * density;
    const isResting = isSame(scale, this.#lastScale);
    this.#lastScale = scale;
    const isSharp = this.#drawn !== undefined && isSame(scale, this.#drawn.scale);
    if (!this.#covers(view.visible) || (isResting && !isSharp)) {
      this.#drawn = this.#make(view.visible, scale, density, colouring);
    }
    const { canvas, box, scale: own } = this.#drawn as Drawn;
    const zoom = scale / own;
    const { a, e, f } = view.toScreen;
    const left = Math.round((box.x0 * a + e) * density);
    const top = Math.round((box.y0 * a + f) * density);
    context.drawImage(canvas, left, top, canvas.width * zoom, canvas.height * zoom);
    return !isSame(zoom, 1);
  }

  #covers({ x0, y0, x1, y1 }: Rect): boolean {
    if (!this.#drawn || this.#drawn.version !== this.#reader.instances.version) return false;
    const { box } = this.#drawn;
    return box.x0 <= x0 && box.y0 <= y0 && box.x1 >= x1 && box.y1 >= y1;
  }

  #make(visible: Rect, scale: number, density: number, colouring: Colouring): Drawn {
    this.#times++;
    const { instances, info } = this.#reader;
    const box = intersect(grownBy(visible, MARGIN), rect(0, 0, info.width, info.height));
    const size = (length: number) => Math.max(1, Math.ceil(length * scale));
    const [width, height] = [size(box.x1 - box.x0), size(box.y1 - box.y0)];
    const symbols = farSymbols(instances.snapshot(), box, info, scale / density, {
      colourOf: (id) => colourIndex(colouring, id),
      isHidden: colouring.isHidden,
      isChosen: colouring.isChosen,
    });
    const image = new ImageData(width, height);
    const sheet = { words: new Uint32Array(image.data.buffer), width, height };
    for (let i = 0; i < symbols.count; i++) {
      const symbol = {
        x: ((symbols.x[i] as number) - box.x0) * scale,
        y: ((symbols.y[i] as number) - box.y0) * scale,
        half: (symbolPx(symbols.n[i] as number, symbols.isDense) / 2) * density,
        shape: colouring.isDraft ? ("diamond" as const) : ("square" as const),
        colour: colouring.colours.edge[symbols.colour[i] as number] as number,
        isChosen: symbols.isChosen[i] === 1,
      };
      stamp(sheet, symbol, density);
    }
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    return { canvas, box, scale, version: instances.version };
  }
}

function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME * other;
}

function grownBy({ x0, y0, x1, y1 }: Rect, part: number): Rect {
  const [dx, dy] = [Math.ceil((x1 - x0) * part), Math.ceil((y1 - y0) * part)];
  return rect(x0 - dx, y0 - dy, x1 + dx, y1 + dy);
}
