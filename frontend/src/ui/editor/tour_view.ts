/** Tells whether a person has zoomed and moved, from what is on screen. */
import type { View } from "../../viewer/stage";

const ZOOMED = Math.log(1.15);
const MOVED_PX = 30;
const SAME_SCALE = 1e-6;

type Seen = Pick<View, "scale" | "width" | "height" | "toScreen">;

export class ViewWatch {
  readonly #first: Seen;
  #last: Seen;
  #movedPx = 0;
  #hasZoomed = false;

  constructor(first: Seen) {
    this.#first = first;
    this.#last = first;
  }

  follow(now: Seen): { readonly zoom: boolean; readonly move: boolean } {
    if (Math.abs(Math.log(now.scale / this.#first.scale)) > ZOOMED) this.#hasZoomed = true;
    if (isSameFrame(this.#last, now)) {
      const { e, f } = this.#last.toScreen;
      this.#movedPx += Math.hypot(now.toScreen.e - e, now.toScreen.f - f);
    }
    this.#last = now;
    return { zoom: this.#hasZoomed, move: this.#movedPx > MOVED_PX };
  }
}

/** A zoom carries the image along, and so does a panel that takes of the room. */
function isSameFrame(one: Seen, other: Seen): boolean {
  const isSameScale = Math.abs(Math.log(one.scale / other.scale)) < SAME_SCALE;
  return isSameScale && one.width === other.width && one.height === other.height;
}
