/** Everything about looking at the picture that is neither painted nor decided. */
import { type Signal, signal } from "@preact/signals";
import type { ImageApi } from "../../api/images";
import type { PixelApi } from "../../api/pixels";
import type { ViewApi } from "../../api/views";
import { imagePoint, screenPoint } from "../../geometry/points";
import { EMPTY_RECT, type Rect } from "../../geometry/rect";
import { BookmarkDesk } from "./bookmark_desk";
import type { LookDesk } from "./look_desk";
import { PlaceDesk, type PlaceParts } from "./place_desk";
import { RawDesk } from "./raw_desk";
import { ValueDesk } from "./value_desk";

export interface ViewingParts extends PlaceParts {
  readonly look: LookDesk;
  readonly images: ImageApi;
  readonly pixels: PixelApi;
  readonly views: ViewApi;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class Viewing {
  readonly look: LookDesk;
  readonly raw: RawDesk;
  readonly places: PlaceDesk;
  readonly bookmarks: BookmarkDesk;
  /** What of the image is on screen. */
  readonly visible: Signal<Rect> = signal(EMPTY_RECT);
  readonly thumbnailUrl: string;
  readonly #parts: ViewingParts;
  readonly #values: ValueDesk;
  readonly #dispose: () => void;

  constructor(parts: ViewingParts) {
    const { model, scene, pixels, images } = parts;
    this.#parts = parts;
    this.thumbnailUrl = images.thumbnailUrl(model.image.value?.id ?? "");
    this.#dispose = scene.stage.onDrawn(({ visible }) => {
      const { x0, y0, x1, y1 } = this.visible.value;
      const isSame =
        x0 === visible.x0 && y0 === visible.y0 && x1 === visible.x1 && y1 === visible.y1;
      if (!isSame) this.visible.value = visible;
    });
    this.look = parts.look;
    this.raw = new RawDesk(model, scene, pixels);
    this.#values = new ValueDesk(model, pixels);
    this.places = new PlaceDesk(parts);
    this.bookmarks = new BookmarkDesk({ ...parts, places: this.places });
  }

  /** The image is open: go where the address says, and keep what is chosen from now on. */
  async begin(search: string): Promise<void> {
    await this.places.begin(search);
    this.look.follow();
    // The panel says when they are not there.
    this.bookmarks.load().catch(() => undefined);
  }

  /** Move the view about another middle, as large as it is. */
  centre(x: number, y: number): void {
    const { stage } = this.#parts.scene;
    const { width, height, scale } = stage.view();
    stage.place(imagePoint(x, y), screenPoint(width / 2, height / 2), scale);
  }

  close(): void {
    this.#dispose();
    this.look.close();
    this.raw.close();
    this.places.close();
    this.#values.close();
  }
}
