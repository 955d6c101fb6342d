/** Bookmarks of the image: added, gone to, renamed, shared, deleted. */
import type { BookmarkJson, ViewApi } from "../../api/views";
import * as texts from "../../texts";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { PlaceDesk } from "./place_desk";
import { planeText } from "./planes";

export interface BookmarkParts {
  readonly model: EditorModel;
  readonly views: ViewApi;
  readonly places: PlaceDesk;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class BookmarkDesk {
  readonly #parts: BookmarkParts;

  constructor(parts: BookmarkParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const { model, views } = this.#parts;
    model.bookmarks.value = await views.bookmarks(model.image.value?.id ?? "");
  }

  /** Keep what is shown now; the name can be changed afterwards. */
  async add(): Promise<void> {
    const { model, views, places, attempt } = this.#parts;
    const image = model.image.value;
    if (!image) return;
    const made = await attempt(() => views.addBookmark(image.id, this.#freeName(), places.here()));
    if (!made) return;
    model.bookmarks.value = [...(model.bookmarks.value ?? []), made];
    notify(model, texts.places.bookmarks.added(made.name));
  }

  go(bookmark: BookmarkJson): void {
    const { attempt, places } = this.#parts;
    void attempt(() => places.go(bookmark.place));
  }

  async change(
    id: string,
    change: { readonly name?: string; readonly is_shared?: boolean },
  ): Promise<void> {
    const { model, views, attempt } = this.#parts;
    const changed = await attempt(() => views.changeBookmark(id, change));
    const bookmarks = model.bookmarks.value ?? [];
    // Refused: the old rows once more, so that a field shows what is kept.
    model.bookmarks.value = bookmarks.map((one) => (one.id === changed?.id ? changed : { ...one }));
  }

  async remove(bookmark: BookmarkJson): Promise<void> {
    const { model, views, attempt } = this.#parts;
    const isGone = await attempt(async () => {
      await views.deleteBookmark(bookmark.id);
      return true;
    });
    if (!isGone) return;
    model.bookmarks.value = (model.bookmarks.value ?? []).filter((one) => one.id !== bookmark.id);
    notify(model, texts.places.bookmarks.removed(bookmark.name));
  }

  /** The selected object, or a number, with the plane. */
  #freeName(): string {
    const { selected, plane, stackSize, bookmarks } = this.#parts.model;
    const taken = new Set((bookmarks.value ?? []).map((one) => one.name));
    const where = planeText(plane.value, stackSize.value);
    const named = (text: string) => (where ? `${text} · ${where}` : text);
    const ofObject = named(texts.places.bookmarks.ofObject(selected.value));
    if (selected.value > 0 && !taken.has(ofObject)) {
      return ofObject;
    }
    let n = 1;
    while (taken.has(named(texts.places.bookmarks.ofPlace(n)))) n++;
    return named(texts.places.bookmarks.ofPlace(n));
  }
}
