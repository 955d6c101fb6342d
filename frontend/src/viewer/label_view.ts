/** A label layer over the image: coloured pixels near by, dots when far away. */
import { type Rect, rect } from "../geometry/rect";
import type { LabelReader } from "../store/types";
import type { Colouring } from "./colouring";
import { FarView } from "./far_view";
import { LabelPainter } from "./label_painter";
import type { View } from "./stage";
import type { Drawable, Frame } from "./surface";

/** Below this many screen pixels per image pixel single labels cannot be judged. */
const DETAIL_FROM_SCALE = 1 / 8;
/** Below what the store keeps at once, so that chunks in view never push each other out. */
const MOST_CHUNKS_IN_VIEW = 120;

/** For colouring a plane that takes another's place. */
const AT_ONCE_MS = 80;

/** Whether label pixels are shown and painted, or only dots. */
export function showsDetail(view: View, chunkSize: number): boolean {
  const { visible, scale } = view;
  const across = Math.ceil((visible.x1 - visible.x0) / chunkSize + 1);
  const down = Math.ceil((visible.y1 - visible.y0) / chunkSize + 1);
  return scale >= DETAIL_FROM_SCALE && across * down <= MOST_CHUNKS_IN_VIEW;
}

export class LabelView implements Drawable {
  readonly reader: LabelReader;
  readonly #painter: LabelPainter;
  readonly #far: FarView;
  readonly #request: () => void;
  readonly #disposers: (() => void)[];
  #ensured: Rect = rect(0, 0, 0, 0);
  opacity = 1;
  isShown = true;

  constructor(reader: LabelReader, colouring: Colouring, request: () => void) {
    this.reader = reader;
    this.#request = request;
    this.#painter = new LabelPainter(reader, colouring);
    this.#far = new FarView(reader);
    this.#disposers = [
      reader.onDirty((event) => {
        this.#painter.markDirty(event.rect);
        request();
      }),
    ];
  }

  setColouring(colouring: Colouring): void {
    this.#painter.setColouring(colouring);
    this.#far.forget();
    this.#request();
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity;
    this.#request();
  }

  setShown(isShown: boolean): void {
    this.isShown = isShown;
    this.#request();
  }

  /** Colour single instances anew, after a decision about them. */
  refresh(ids: readonly number[] | null): void {
    this.#far.forget();
    if (ids === null || ids.length > 200) {
      this.#painter.setColouring(this.#painter.colouring);
    } else {
      for (const id of ids) {
        const row = this.reader.instances.get(id);
        if (row) this.#painter.markDirty(row.box);
      }
    }
    this.#request();
  }

  /** Colour what is loaded of a view at once: one long frame, and none without labels. */
  colourNow(view: View): void {
    if (showsDetail(view, this.reader.info.chunk)) this.#painter.prepare(view.visible, AT_ONCE_MS);
  }

  draw(frame: Frame): boolean {
    const { view, context, density } = frame;
    if (!showsDetail(view, this.reader.info.chunk)) {
      if (!this.isShown || this.#painter.colouring.style === "none") return false;
      // Some of them would pass for all.
      if (this.reader.isWhole === false) return false;
      context.globalAlpha = this.opacity;
      return this.#far.draw(frame, this.#painter.colouring);
    }
    this.#ensure(view.visible);
    const waits = this.#painter.prepare(view.visible);
    if (!this.isShown) return waits;
    context.globalAlpha = this.opacity;
    const { a, e, f } = view.toScreen;
    const to = { scale: a * density, left: e * density, top: f * density };
    this.#painter.draw(context, to, view.visible);
    return waits;
  }

  destroy(): void {
    for (const dispose of this.#disposers) dispose();
    this.#painter.destroy();
  }

  #ensure(visible: Rect): void {
    const size = this.reader.info.chunk;
    const box = rect(
      Math.floor(visible.x0 / size),
      Math.floor(visible.y0 / size),
      Math.ceil(visible.x1 / size),
      Math.ceil(visible.y1 / size),
    );
    const known = this.#ensured;
    if (box.x0 === known.x0 && box.y0 === known.y0 && box.x1 === known.x1 && box.y1 === known.y1) {
      return;
    }
    this.#ensured = box;
    // Trouble is told through the store's own listeners; the next move asks again.
    this.reader.ensure(visible).then(
      () => this.#request(),
      () => {
        this.#ensured = rect(0, 0, 0, 0);
      },
    );
  }
}
