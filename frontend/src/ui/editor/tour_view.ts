/** Tells whether a person has zoomed and moved, from what is on screen. */
import type { Rect } from "../../geometry/rect";

const ZOOMED = Math.log(1.15);
const MOVED_PX = 30;
/** Steps of a view that comes to rest are smaller. */
const SAME_SCALE = 1e-3;

interface Seen {
  readonly scale: number;
  /** Middle and size of the view, in CSS pixels of the image at this scale. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class ViewWatch {
  #first: number | undefined;
  #last: Seen | undefined;
  #movedPx = 0;
  #hasZoomed = false;

  /** @param visible image pixels on screen; @param scale CSS pixels per image pixel */
  follow(visible: Rect, scale: number): { readonly zoom: boolean; readonly move: boolean } {
    const width = (visible.x1 - visible.x0) * scale;
    const height = (visible.y1 - visible.y0) * scale;
    const x = ((visible.x0 + visible.x1) / 2) * scale;
    const y = ((visible.y0 + visible.y1) / 2) * scale;
    const now = { scale, x, y, width, height };
    if (width > 0) {
      this.#first ??= scale;
      if (Math.abs(Math.log(scale / this.#first)) > ZOOMED) this.#hasZoomed = true;
      if (this.#last && isSameFrame(this.#last, now)) {
        this.#movedPx += Math.hypot(x - this.#last.x, y - this.#last.y);
      }
      this.#last = now;
    }
    return { zoom: this.#hasZoomed, move: this.#movedPx > MOVED_PX };
  }
}

/** A zoom moves the middle too, and so does a panel that takes of the room. */
function isSameFrame(one: Seen, other: Seen): boolean {
  const isSameScale = Math.abs(Math.log(one.scale / other.scale)) < SAME_SCALE;
  const isSameSize =
    Math.abs(one.width - other.width) < 2 && Math.abs(one.height - other.height) < 2;
  return isSameScale && isSameSize;
}
