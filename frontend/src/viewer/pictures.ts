/**
 * The pictures of a stack in OpenSeadragon: one is seen, others load out of sight.
 *
 * The seen one stays until all tiles of the next are there for this view, so that no moment shows
 * a mixture of two planes.
 */
import type OpenSeadragon from "openseadragon";
import type { Picture } from "./tile_source";

/** After so long coarse tiles are better than the plane before. */
const COARSE_AFTER_MS = 1_500;
/** A tile that fails is tried for half a minute: show what there is of the picture by then. */
const PATIENCE_MS = 5_000;
/** Neighbours load when the view has been at rest for so long. */
const REST_MS = 250;

export type MakeSource = (picture: Picture) => OpenSeadragon.TileSource;

export class Pictures {
  readonly #viewer: OpenSeadragon.Viewer;
  readonly #makeSource: MakeSource;
  readonly #items = new Map<string, Promise<OpenSeadragon.TiledImage>>();
  readonly #ready = new Map<string, OpenSeadragon.TiledImage>();
  #shown: string;
  /** Somebody waits for it: it loads also while the view moves. */
  #urgent: string | undefined;
  #wanted = new Set<string>();
  #isResting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param first is being opened by the viewer itself */
  constructor(viewer: OpenSeadragon.Viewer, makeSource: MakeSource, first: Picture) {
    this.#viewer = viewer;
    this.#makeSource = makeSource;
    this.#shown = first.name;
    this.#add(
      first.name,
      new Promise((resolve) => {
        viewer.addOnceHandler("open", () => resolve(viewer.world.getItemAt(0)));
      }),
    );
    viewer.addHandler("animation-start", () => this.#moves());
    viewer.addHandler("animation-finish", () => this.#rests());
    this.#rests();
  }

  get shown(): string {
    return this.#shown;
  }

  /** The lower the sooner its tiles are wanted. */
  rankOf({ name }: Picture): number {
    if (name === this.#urgent) return 0;
    return name === this.#shown ? 1 : 2;
  }

  /**
   * Load a picture out of sight; resolves when this view of it is there.
   *
   * @param isQuick coarse tiles do for now: they are few, and the rest follows when it is shown
   */
  async prepare(picture: Picture, isQuick = false): Promise<void> {
    if (picture.name === this.#shown) return;
    this.#wanted.add(picture.name);
    this.#urgent = picture.name;
    this.#setPreload(false);
    const item = await this.#item(picture);
    item.setPreload(true);
    setDetail(item, !isQuick);
    const impatient = setTimeout(() => this.hurry(), COARSE_AFTER_MS);
    await loaded(item);
    clearTimeout(impatient);
  }

  /** Coarse tiles will do for the picture that is waited for. */
  hurry(): void {
    const item = this.#urgent === undefined ? undefined : this.#ready.get(this.#urgent);
    if (item) setDetail(item, false);
  }

  /**
   * Show a prepared picture instead of the present one.
   *
   * @param isPassing another one is on its way: fine tiles of this one are not worth the wait
   */
  show(picture: Picture, isPassing = false): void {
    const item = this.#ready.get(picture.name);
    if (!item || picture.name === this.#shown) return;
    item.setOpacity(1);
    this.#ready.get(this.#shown)?.setOpacity(0);
    this.#shown = picture.name;
    this.#urgent = undefined;
    if (!isPassing) setDetail(item, true);
  }

  /** Nothing else is on its way: have all that can be seen of the present one. */
  refine(): void {
    const item = this.#ready.get(this.#shown);
    if (item) setDetail(item, true);
  }

  /** Load these while the view rests; forget all others. */
  keep(pictures: readonly Picture[]): void {
    this.#wanted = new Set(pictures.map((one) => one.name));
    for (const one of pictures) this.#item(one).catch(() => undefined);
    for (const [name, item] of this.#items) {
      if (name === this.#shown || this.#wanted.has(name)) continue;
      this.#items.delete(name);
      this.#ready.delete(name);
      item.then((one) => this.#viewer.world.removeItem(one)).catch(() => undefined);
    }
    this.#setPreload(this.#isResting);
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  #item(picture: Picture): Promise<OpenSeadragon.TiledImage> {
    const known = this.#items.get(picture.name);
    if (known) return known;
    const added = new Promise<OpenSeadragon.TiledImage>((resolve, reject) => {
      this.#viewer.addTiledImage({
        tileSource: this.#makeSource(picture) as never,
        opacity: 0,
        preload: this.#isResting,
        success: (event) => resolve((event as unknown as { item: OpenSeadragon.TiledImage }).item),
        error: (event) => reject(new Error(String((event as { message?: string }).message))),
      });
    });
    return this.#add(picture.name, added);
  }

  #add(name: string, added: Promise<OpenSeadragon.TiledImage>): Promise<OpenSeadragon.TiledImage> {
    this.#items.set(name, added);
    added.then(
      (item) => this.#items.get(name) === added && this.#ready.set(name, item),
      () => this.#items.delete(name),
    );
    return added;
  }

  #moves(): void {
    clearTimeout(this.#timer);
    this.#isResting = false;
    this.#setPreload(false);
  }

  #rests(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isResting = true;
      this.#setPreload(true);
    }, REST_MS);
  }

  #setPreload(isOn: boolean): void {
    for (const [name, item] of this.#ready) {
      if (name === this.#shown || name === this.#urgent) continue;
      item.setPreload(isOn);
      if (isOn) setDetail(item, true);
    }
  }
}

/** Tiles are drawn at least this many screen pixels to a pixel; OpenSeadragon's default, and coarse. */
const FINE = 0.5;
const COARSE = 2;

/** Choose the level of tiles, and notice which of them are missing for the present view. */
function setDetail(item: OpenSeadragon.TiledImage, isFine: boolean): void {
  (item as unknown as { minPixelRatio: number }).minPixelRatio = isFine ? FINE : COARSE;
  item.update(true);
}

function loaded(item: OpenSeadragon.TiledImage): Promise<void> {
  if (item.getFullyLoaded()) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, PATIENCE_MS);
    function changed(): void {
      if (item.getFullyLoaded()) done();
    }
    function done(): void {
      clearTimeout(timer);
      item.removeHandler("fully-loaded-change", changed);
      resolve();
    }
    item.addHandler("fully-loaded-change", changed);
  });
}
