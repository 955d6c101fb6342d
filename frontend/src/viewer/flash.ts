/** Pixels that are pointed out for some seconds. */
import { CHUNK, chunkRect } from "../labels/chunks";
import type { Edit } from "../labels/runs";
import type { Drawable, Frame } from "./surface";

const SHOWN_MS = 6_000;
const BEAT_MS = 900;
const COLOUR = "255 92 168";

export class FlashMark implements Drawable {
  #path: Path2D | undefined;
  #since = 0;
  readonly #request: () => void;
  readonly #isStill: boolean;

  /** @param isStill no pulsing, for people who asked for less motion */
  constructor(request: () => void, isStill: boolean) {
    this.#request = request;
    this.#isStill = isStill;
  }

  get isShown(): boolean {
    return this.#path !== undefined;
  }

  show(edits: readonly Edit[]): void {
    this.#path = pathOf(edits);
    this.#since = performance.now();
    this.#request();
    setTimeout(() => this.#request(), SHOWN_MS + 20);
  }

  draw({ context, view, density }: Frame): boolean {
    if (!this.#path) return false;
    const age = performance.now() - this.#since;
    if (age > SHOWN_MS) {
      this.#path = undefined;
      return false;
    }
    const beat = this.#isStill ? 1 : 0.5 + 0.5 * Math.cos((age / BEAT_MS) * 2 * Math.PI);
    const { a, d, e, f } = view.toScreen;
    context.setTransform(a * density, 0, 0, d * density, e * density, f * density);
    context.fillStyle = `rgb(${COLOUR} / ${0.35 + 0.5 * beat})`;
    context.fill(this.#path);
    return !this.#isStill;
  }
}

/** One rectangle per row of a run. */
function pathOf(edits: readonly Edit[]): Path2D {
  const path = new Path2D();
  for (const edit of edits) {
    for (const [key, runs] of edit) {
      const { x0, y0 } = chunkRect(key);
      for (let r = 0; r < runs.count; r++) {
        let at = runs.start[r] as number;
        const end = at + (runs.length[r] as number);
        while (at < end) {
          const column = at % CHUNK;
          const length = Math.min(end - at, CHUNK - column);
          path.rect(x0 + column, y0 + Math.floor(at / CHUNK), length, 1);
          at += length;
        }
      }
    }
  }
  return path;
}
