/** The image on screen: OpenSeadragon, its view as one affine map, and moves of that view. */
import OpenSeadragon from "openseadragon";
import type { TileGrant } from "../api/tiles";
import { type Affine, invert, toImage as mapToImage, visibleRect } from "../geometry/affine";
import { type ImagePoint, type ScreenPoint, screenPoint } from "../geometry/points";
import { height, intersect, type Rect, rect, width } from "../geometry/rect";
import { goalFor } from "../geometry/reveal";
import { Pictures } from "./pictures";
import { TileGrid } from "./tile_grid";
import type { TilePainter } from "./tile_paint";
import { TileQueue } from "./tile_queue";
import { makeTileSource, type Picture, type TileJob } from "./tile_source";

/** From here on single pixels are looked at: they stay sharp squares. */
const SHARP_FROM_SCALE = 6;
const MOST_SCREEN_PX_PER_PIXEL = 48;

/** The view of one drawn frame. */
export interface View {
  /** Image pixels to CSS pixels of the stage. */
  readonly toScreen: Affine;
  readonly toImage: Affine;
  /** CSS pixels per image pixel. */
  readonly scale: number;
  /** Whole image pixels on screen, cut to the image. */
  readonly visible: Rect;
  /** Size of the stage in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

type Listener = (view: View) => void;

/** A browser has six connections to a server over HTTP/1.1. */
const TILES_AT_ONCE = 6;
/** Tiles kept in memory, 256 KiB each; of a stack also those of the planes next to the one seen. */
const KEPT_TILES = 160;

export class Stage {
  readonly element: HTMLElement;
  readonly pictures: Pictures;
  readonly grid: TileGrid;
  readonly #viewer: OpenSeadragon.Viewer;
  readonly #full: { readonly width: number; readonly height: number };
  readonly #listeners = new Set<Listener>();
  #view: View | undefined;
  #isSharp = false;
  /** The whole image is shown, and nobody has moved the view since. */
  #isFitted = false;

  constructor(options: {
    element: HTMLElement;
    grant: TileGrant;
    /** What is seen at first. */
    picture: Picture;
    isStack: boolean;
    painter: TilePainter;
    isReducedMotion: boolean;
    onTileTrouble: () => void;
  }) {
    const full = options.grant.levels[0];
    if (!full) throw new Error("an image without levels cannot be shown");
    this.element = options.element;
    this.#full = full;
    this.grid = new TileGrid(options.grant);
    const queue = new TileQueue(TILES_AT_ONCE, (job) => this.pictures.rankOf(job.picture));
    const source = (picture: Picture) =>
      makeTileSource(options.grant, picture, (job) =>
        queue.run(job, () => options.painter.load(job)),
      );
    const noClicks = { clickToZoom: false, dblClickToZoom: false, dblClickDragToZoom: false };
    this.#viewer = new OpenSeadragon.Viewer({
      element: options.element,
      // The WebGL drawer is slower without a graphics card (openseadragon#2906, #2720).
      drawer: "canvas",
      tileSources: source(options.picture) as never,
      showNavigationControl: false,
      animationTime: options.isReducedMotion ? 0 : 0.25,
      springStiffness: 10,
      blendTime: 0,
      visibilityRatio: 0.1,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: MOST_SCREEN_PX_PER_PIXEL,
      preserveImageSizeOnResize: true,
      // Who comes first is decided here: see TileQueue.
      imageLoaderLimit: 128,
      maxTilesPerFrame: TILES_AT_ONCE,
      maxImageCacheCount: options.isStack ? 3 * KEPT_TILES : KEPT_TILES,
      // Without these a tile that failed once stays missing until the page is loaded anew.
      tileRetryMax: 10,
      tileRetryDelay: 3_000,
      // Only the wheel reaches OpenSeadragon: see PointerInput.
      gestureSettingsMouse: { ...noClicks, flickEnabled: false },
      gestureSettingsPen: { ...noClicks, flickEnabled: false },
      gestureSettingsTouch: { ...noClicks, flickEnabled: false },
    });
    this.pictures = new Pictures(this.#viewer, source, options.picture);
    // Keys belong to the editor.
    this.#viewer.addHandler("canvas-key", (event) => {
      event.preventDefaultAction = true;
    });
    this.#viewer.addHandler(
      "canvas-key-press" as never,
      ((event: Record<string, boolean>) => {
        event.preventDefaultAction = true;
      }) as never,
    );
    this.#viewer.addHandler("update-viewport", () => this.#drawn());
    this.#viewer.addHandler("resize", () => {
      this.#drawn();
      // OpenSeadragon goes on to keep the image where it was.
      if (this.#isFitted) queueMicrotask(() => this.fit(true));
    });
    this.#viewer.addHandler("canvas-scroll", () => this.#moved());
    this.#viewer.addHandler("tile-load-failed", () => options.onTileTrouble());
  }

  /** The element that gets the keyboard focus. */
  get focusTarget(): HTMLElement {
    return this.#viewer.canvas as HTMLElement;
  }

  /** Resolves when the image can be moved about. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#viewer.addOnceHandler("open", () => resolve());
      this.#viewer.addOnceHandler("open-failed", (event) => reject(new Error(event.message)));
      if (this.#viewer.world.getItemCount() > 0) resolve();
    });
  }

  /** The view of the last frame, which is what the person sees; measured anew after a drag. */
  view(): View {
    return this.#view ?? this.#measure();
  }

  /** Called after each frame that OpenSeadragon drew, inside that frame. */
  onDrawn(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  toImage(point: ScreenPoint): ImagePoint {
    return mapToImage(this.view().toImage, point);
  }

  /** Convert the place of a pointer event; the one door from the DOM to coordinates. */
  pointOf(event: MouseEvent): ScreenPoint {
    const box = this.element.getBoundingClientRect();
    return screenPoint(event.clientX - box.left, event.clientY - box.top);
  }

  redrawTiles(): void {
    this.#viewer.forceRedraw();
  }

  /** Show the whole image, and keep it whole when the room for it changes, until it is moved. */
  fit(isInstant = false): void {
    this.#isFitted = true;
    this.#viewer.viewport.goHome(isInstant);
  }

  #moved(): void {
    this.#isFitted = false;
  }

  /** Show one image pixel per CSS pixel. */
  zoomToPixels(): void {
    const image = this.#viewer.world.getItemAt(0);
    this.#moved();
    if (image) this.#viewer.viewport.zoomTo(image.imageToViewportZoom(1));
  }

  zoomBy(factor: number, at?: ScreenPoint): void {
    this.#moved();
    const viewport = this.#viewer.viewport;
    const around = at && viewport.pointFromPixel(new OpenSeadragon.Point(at.x, at.y), true);
    viewport.zoomBy(factor, around);
    viewport.applyConstraints();
  }

  /** Show a place of the image at a place of the screen in this scale, at once. */
  place(image: ImagePoint, screen: ScreenPoint, scale: number): void {
    const item = this.#viewer.world.getItemAt(0);
    if (!item) return;
    this.#moved();
    const viewport = this.#viewer.viewport;
    const least = item.viewportToImageZoom(viewport.getMinZoom());
    const shown = Math.min(MOST_SCREEN_PX_PER_PIXEL, Math.max(least, scale));
    const size = viewport.getContainerSize();
    const x = image.x + (size.x / 2 - screen.x) / shown;
    const y = image.y + (size.y / 2 - screen.y) / shown;
    viewport.zoomTo(item.imageToViewportZoom(shown), undefined, true);
    viewport.panTo(item.imageToViewportCoordinates(x, y), true);
    this.#view = undefined;
  }

  /** Bring the image back when a drag has left it too far off. */
  settle(): void {
    this.#viewer.viewport.applyConstraints();
  }

  /** Move what is shown by CSS pixels; `isInstant` follows a drag without a spring. */
  panBy(dx: number, dy: number, isInstant: boolean): void {
    this.#moved();
    const viewport = this.#viewer.viewport;
    const delta = viewport.deltaPointsFromPixels(new OpenSeadragon.Point(-dx, -dy), true);
    viewport.panBy(delta, isInstant);
    if (!isInstant) viewport.applyConstraints();
    this.#view = undefined;
  }

  /** Bring a box into view; stay put when it is seen well. */
  reveal(box: Rect): void {
    const image = this.#viewer.world.getItemAt(0);
    if (!image) return;
    const viewport = this.#viewer.viewport;
    const scale = image.viewportToImageZoom(viewport.getZoom());
    const goal = goalFor(box, this.view(), scale, this.#full);
    if (!goal) return;
    this.#moved();
    // Without a point to zoom about: while zooming about one, its place on screen is kept.
    if (goal.scale) viewport.zoomTo(image.imageToViewportZoom(goal.scale));
    viewport.panTo(image.imageToViewportCoordinates(goal.x, goal.y));
    viewport.applyConstraints();
  }

  /** Zoom so that the whole box is on screen. */
  showBox(box: Rect, isInstant = false): void {
    const image = this.#viewer.world.getItemAt(0);
    if (!image) return;
    this.#moved();
    const margin = Math.max(4, Math.round(Math.max(width(box), height(box)) * 0.04));
    this.#viewer.viewport.fitBounds(
      image.imageToViewportRectangle(
        box.x0 - margin,
        box.y0 - margin,
        width(box) + 2 * margin,
        height(box) + 2 * margin,
      ),
      isInstant,
    );
  }

  isOnScreen(job: TileJob): boolean {
    if (job.picture.name !== this.pictures.shown || !this.#viewer.world.getItemAt(0)) return false;
    return width(intersect(this.grid.boxOf(job), this.view().visible)) > 0;
  }

  /** The level of tiles that the present view is drawn from; 0 is full resolution. */
  level(): number {
    return this.grid.levelAt(this.view().scale * (globalThis.devicePixelRatio || 1));
  }

  destroy(): void {
    this.#listeners.clear();
    this.pictures.destroy();
    this.#viewer.destroy();
  }

  #drawn(): void {
    const view = this.#measure();
    const isSharp = view.scale >= SHARP_FROM_SCALE;
    if (isSharp !== this.#isSharp) {
      this.#isSharp = isSharp;
      const drawer = this.#viewer.drawer as { setImageSmoothingEnabled?: (on: boolean) => void };
      drawer.setImageSmoothingEnabled?.(!isSharp);
      this.#viewer.forceRedraw();
    }
    for (const listener of this.#listeners) listener(view);
  }

  #measure(): View {
    const viewport = this.#viewer.viewport;
    const image = this.#viewer.world?.getItemAt(0);
    const size = viewport.getContainerSize();
    let scale = 1;
    let origin = { x: 0, y: 0 };
    if (image) {
      origin = viewport.pixelFromPoint(image.imageToViewportCoordinates(0, 0, true), true);
      const far = viewport.pixelFromPoint(
        image.imageToViewportCoordinates(this.#full.width, 0, true),
        true,
      );
      scale = (far.x - origin.x) / this.#full.width || 1;
    }
    const toScreen = { a: scale, b: 0, c: 0, d: scale, e: origin.x, f: origin.y };
    const toImage = invert(toScreen);
    const whole = rect(0, 0, this.#full.width, this.#full.height);
    this.#view = {
      toScreen,
      toImage,
      scale,
      visible: intersect(visibleRect(toImage, size.x, size.y), whole),
      width: size.x,
      height: size.y,
    };
    return this.#view;
  }
}
