/** A canvas over the image on which things are drawn in order, in step with the image. */
import type { View } from "./stage";

export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  /** Device pixels per CSS pixel of the canvas. */
  readonly density: number;
}

/** Something on the canvas; the context is reset to device pixels before each call. */
export interface Drawable {
  /** Returns true when it wants another frame. */
  draw(frame: Frame): boolean;
}

/** Sharper screens cost four times the pixels and gain little for label edges. */
const MOST_DENSITY = 2;

export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #drawables: Drawable[] = [];
  readonly #getView: () => View;
  #frame = 0;

  constructor(parent: HTMLElement, getView: () => View) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = "stage-surface";
    this.canvas.setAttribute("aria-hidden", "true");
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("this browser gives no 2D canvas");
    this.#context = context;
    this.#getView = getView;
    parent.append(this.canvas);
  }

  /** Draw `drawable` above what was added before. */
  add(drawable: Drawable): () => void {
    this.#drawables.push(drawable);
    this.request();
    return () => {
      const index = this.#drawables.indexOf(drawable);
      if (index >= 0) this.#drawables.splice(index, 1);
      this.request();
    };
  }

  /** Insert below everything else. */
  addBelow(drawable: Drawable): () => void {
    const dispose = this.add(drawable);
    this.#drawables.unshift(...this.#drawables.splice(-1));
    return dispose;
  }

  /** Ask for one frame soon; many calls make one. */
  request(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.drawNow(this.#getView());
    });
  }

  /** Draw in the frame that is being made right now. */
  drawNow(view: View): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const density = Math.min(MOST_DENSITY, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(view.width * density));
    const height = Math.max(1, Math.round(view.height * density));
    const context = this.#context;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    let wantsMore = false;
    for (const drawable of this.#drawables) {
      context.save();
      if (drawable.draw({ context, view, density })) wantsMore = true;
      context.restore();
    }
    if (wantsMore) this.request();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.canvas.remove();
  }
}
