/** Reads the stored values under the pointer when it comes to rest. */
import { effect, untracked } from "@preact/signals";
import type { PixelApi } from "../../api/pixels";
import type { EditorModel } from "./model";

/** A pointer that moves on sooner has nothing read for it. */
const REST_MS = 90;

export class ValueDesk {
  readonly #model: EditorModel;
  readonly #pixels: PixelApi;
  readonly #dispose: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();
  #at = "";

  constructor(model: EditorModel, pixels: PixelApi) {
    this.#model = model;
    this.#pixels = pixels;
    this.#dispose = effect(() => {
      const { cursor, plane, isProjected } = model;
      const place = cursor.value;
      const { t, z } = plane.value;
      const [x, y] = [Math.floor(place?.x ?? -1), Math.floor(place?.y ?? -1)];
      const at = [x, y, t, z, isProjected.value].join();
      if (at === this.#at) return;
      this.#at = at;
      untracked(() => this.#moved({ x, y, t, z }));
    });
  }

  #moved(place: { x: number; y: number; t: number; z: number }): void {
    const { image, isProjected, pixel } = this.#model;
    clearTimeout(this.#timer);
    this.#abort.abort();
    pixel.value = undefined;
    const { width, height } = image.value ?? { width: 0, height: 0 };
    const isInside = place.x >= 0 && place.y >= 0 && place.x < width && place.y < height;
    // The maximum is made of many planes: none of them holds its value.
    if (!isInside || isProjected.value) return;
    this.#timer = setTimeout(() => void this.#read(place), REST_MS);
  }

  async #read(place: { x: number; y: number; t: number; z: number }): Promise<void> {
    const { image, pixel } = this.#model;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const values = await this.#pixels.values(image.value?.id ?? "", place, abort.signal);
      if (!abort.signal.aborted) pixel.value = { x: place.x, y: place.y, values };
    } catch {
      // Read again at the next rest; meanwhile the place alone is told.
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#dispose();
  }
}
