/** Two label layers over one image: one over the other, or each at its side of a curtain. */
import type { Rect } from "../geometry/rect";
import type { LabelReader } from "../store/types";
import type { Colouring } from "./colouring";
import { LabelView, showsDetail } from "./label_view";
import type { View } from "./stage";
import type { Drawable, Frame } from "./surface";

/** A sign in the middle of a group, for those who do not tell colours apart. */
export interface GroupSign {
  readonly box: Rect;
  readonly sign: string;
  readonly colour: string;
  /** Whether the layers have something of it. */
  readonly isIn: { readonly a: boolean; readonly b: boolean };
}

export interface ComparisonLook {
  readonly a: Colouring;
  readonly b: Colouring;
}

/** More signs than this would cover what they stand for. */
const MOST_SIGNS = 150;
/** Groups that are smaller on screen carry no sign, but their colour. */
const SMALLEST_SIGNED_PX = 9;

export class ComparisonView implements Drawable {
  readonly #a: LabelView;
  readonly #b: LabelView;
  readonly #request: () => void;
  /** Nothing is drawn in such a view. */
  readonly #isHidden: (view: View) => boolean;
  readonly #signsIn: (box: Rect) => readonly GroupSign[];
  #curtain: number | undefined;
  #chosen: Rect | undefined;
  #isShown = true;

  constructor(parts: {
    a: LabelReader;
    b: LabelReader;
    look: ComparisonLook;
    isHidden: (view: View) => boolean;
    signsIn: (box: Rect) => readonly GroupSign[];
    request: () => void;
  }) {
    this.#request = parts.request;
    this.#isHidden = parts.isHidden;
    this.#signsIn = parts.signsIn;
    this.#a = new LabelView(parts.a, parts.look.a, parts.request);
    this.#b = new LabelView(parts.b, parts.look.b, parts.request);
  }

  setLook({ a, b }: ComparisonLook): void {
    this.#a.setColouring(a);
    this.#b.setColouring(b);
  }

  setOpacity(opacity: number): void {
    this.#a.setOpacity(opacity);
    this.#b.setOpacity(opacity);
  }

  setShown(isShown: boolean): void {
    this.#isShown = isShown;
    this.#request();
  }

  /** Where the curtain hangs, 0 at the left to 1 at the right; undefined for none. */
  setCurtain(share: number | undefined): void {
    this.#curtain = share;
    this.#request();
  }

  choose(box: Rect | undefined): void {
    this.#chosen = box;
    this.#request();
  }

  draw(frame: Frame): boolean {
    if (!this.#isShown || this.#isHidden(frame.view)) return false;
    const { width, height } = frame.context.canvas;
    const curtain = this.#curtain;
    const middle = curtain === undefined ? undefined : Math.round(curtain * width);
    // A is a line over what B fills.
    const waits = [
      drawWithin(frame, this.#b, middle ?? 0, width, height),
      drawWithin(frame, this.#a, 0, middle ?? width, height),
    ];
    this.#drawSigns(frame, middle);
    if (this.#chosen) drawChosen(frame, this.#chosen);
    return waits.includes(true);
  }

  #drawSigns(frame: Frame, curtain: number | undefined): void {
    const { view, context, density } = frame;
    if (!showsDetail(view, this.#a.reader.info.chunk)) return;
    const { a, e, f } = view.toScreen;
    const large = this.#signsIn(view.visible).filter(
      ({ box }) => Math.min(box.x1 - box.x0, box.y1 - box.y0) * a >= SMALLEST_SIGNED_PX,
    );
    if (large.length > MOST_SIGNS) return;
    context.font = `700 ${11 * density}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { box, sign, colour, isIn } of large) {
      const x = Math.round((((box.x0 + box.x1) / 2) * a + e) * density);
      if (curtain !== undefined && !(x < curtain ? isIn.a : isIn.b)) continue;
      const y = Math.round((((box.y0 + box.y1) / 2) * a + f) * density);
      context.beginPath();
      context.arc(x, y, 7.5 * density, 0, 2 * Math.PI);
      context.fillStyle = "rgb(16 21 28 / 0.85)";
      context.fill();
      context.strokeStyle = colour;
      context.lineWidth = density;
      context.stroke();
      context.fillStyle = colour;
      context.fillText(sign, x, y + 0.5 * density);
    }
  }

  destroy(): void {
    this.#a.destroy();
    this.#b.destroy();
  }
}

function drawWithin(frame: Frame, label: LabelView, x0: number, x1: number, height: number) {
  if (x1 <= x0) return false;
  const { context } = frame;
  context.save();
  context.beginPath();
  context.rect(x0, 0, x1 - x0, height);
  context.clip();
  const waits = label.draw(frame);
  context.restore();
  return waits;
}

/** A frame around the chosen group, seen on dark and on bright ground. */
function drawChosen({ context, view, density }: Frame, box: Rect): void {
  const { a, e, f } = view.toScreen;
  const gap = 4 * density;
  const left = Math.round((box.x0 * a + e) * density) - gap;
  const top = Math.round((box.y0 * a + f) * density) - gap;
  const right = Math.round((box.x1 * a + e) * density) + gap;
  const bottom = Math.round((box.y1 * a + f) * density) + gap;
  context.strokeStyle = "rgb(0 0 0 / 0.8)";
  context.lineWidth = 4.5 * density;
  context.strokeRect(left, top, right - left, bottom - top);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2 * density;
  context.strokeRect(left, top, right - left, bottom - top);
}
