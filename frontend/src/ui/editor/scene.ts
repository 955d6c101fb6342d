/** Everything that is drawn: image, label layers, marks; kept in step with the model. */
import { effect } from "@preact/signals";
import { type GrantTiles, type TileGrant, TileToken } from "../../api/tiles";
import type { Rect } from "../../geometry/rect";
import type { Picture as PixelPicture } from "../../labels/similar";
import { EditRefused } from "../../store/edit_refused";
import type { DraftStore, LabelReader, LayerStore } from "../../store/types";
import * as texts from "../../texts";
import { toolNamed } from "../../tools/tools";
import { AreaMark } from "../../viewer/area_mark";
import { BoxMark } from "../../viewer/box_mark";
import type { Colouring } from "../../viewer/colouring";
import { FlashMark } from "../../viewer/flash";
import type { PointerPlace } from "../../viewer/gesture";
import { LabelView } from "../../viewer/label_view";
import { MapMark } from "../../viewer/map_mark";
import { CursorMark, RegionMarks, SelectionMark } from "../../viewer/marks";
import { PeopleMarks } from "../../viewer/people_marks";
import { shownGrey } from "../../viewer/shown_grey";
import { SketchMark } from "../../viewer/sketch";
import { Stage } from "../../viewer/stage";
import { type Drawable, Surface } from "../../viewer/surface";
import { TilePainter } from "../../viewer/tile_paint";
import type { Picture } from "../../viewer/tile_source";
import type { View } from "../../viewer/view";
import { differing } from "./chosen";
import { annotationColouring, type DraftLook, draftColouring } from "./label_looks";
import type { EditorModel } from "./model";
import { isStack, pictureOf } from "./planes";
import { regionBoxes, showsBlindRegion } from "./region_boxes";

export class Scene {
  readonly stage: Stage;
  readonly cursor: CursorMark;
  readonly sketch: SketchMark;
  readonly flash: FlashMark;
  /** Where a step of the history happened. */
  readonly outline: BoxMark;
  /** What a tool has found and nobody has kept yet. */
  readonly area: AreaMark;
  /** What a model says of each pixel. */
  readonly map: MapMark;
  readonly people: PeopleMarks;
  readonly painter: TilePainter;
  readonly #model: EditorModel;
  readonly #token: TileToken;
  /** Below the labels. */
  readonly #maps: Surface;
  readonly #labels: Surface;
  readonly #marks: Surface;
  readonly #selection: SelectionMark;
  readonly #regions: RegionMarks;
  readonly #disposers: (() => void)[] = [];
  #annotation: { view: LabelView; dispose: () => void } | undefined;
  #draft: { view: LabelView; look: DraftLook; dispose: () => void } | undefined;
  #layer: LayerStore | undefined;
  /** What is shown instead of the layer as it is. */
  #past: LabelReader | undefined;

  constructor(options: {
    model: EditorModel;
    element: HTMLElement;
    grant: TileGrant;
    picture: Picture;
    renew: GrantTiles;
    onTileTrouble: () => void;
  }) {
    const { model, element, grant } = options;
    this.#model = model;
    this.#token = new TileToken(grant, options.renew);
    this.painter = new TilePainter({
      token: this.#token,
      isRgb: model.image.value?.isRgb ?? true,
      styles: model.channels.value,
      redraw: () => this.stage.redrawTiles(),
      onTrouble: options.onTileTrouble,
    });
    const isReducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.stage = new Stage({
      element,
      grant,
      picture: options.picture,
      isStack: isStack(model.stackSize.value),
      painter: this.painter,
      isReducedMotion,
      onTileTrouble: options.onTileTrouble,
    });
    const getView = () => this.stage.view();
    this.#maps = new Surface(element, getView);
    this.#labels = new Surface(element, getView);
    this.#marks = new Surface(element, getView);
    const requestLabels = () => this.#labels.request();
    const requestMarks = () => this.#marks.request();
    this.#regions = new RegionMarks(requestLabels);
    this.#selection = new SelectionMark(requestLabels);
    this.cursor = new CursorMark(requestMarks);
    this.sketch = new SketchMark(requestMarks);
    this.flash = new FlashMark(requestMarks, isReducedMotion);
    this.map = new MapMark(() => this.#maps.request());
    // Asked for every frame, as drafts are.
    this.#maps.add({
      draw: (frame) => (this.isBlind(frame.view) ? false : this.map.draw(frame)),
    });
    this.#labels.add(this.#regions);
    this.#labels.add(this.#selection);
    this.people = new PeopleMarks(requestLabels);
    this.#labels.add(this.people);
    this.outline = new BoxMark(requestMarks);
    this.#marks.add(this.outline);
    this.area = new AreaMark(requestMarks);
    this.#marks.add(this.area);
    this.#marks.add(this.flash);
    this.#marks.add(this.sketch);
    this.#marks.add(this.cursor);
    this.#disposers.push(this.stage.onDrawn((view) => this.#drawn(view)));
    this.#follow();
  }

  /** Show the labels of a plane instead of those before. */
  showAnnotation(layer: LayerStore): void {
    this.#layer = layer;
    this.people.follow(layer, () => layer.isBusy);
    this.#showLabels(layer);
  }

  /** Show what was, without any draft; undefined shows the layer as it is again. */
  showPast(past: LabelReader | undefined): void {
    this.#past = past;
    const reader = past ?? this.#layer;
    if (reader) this.#showLabels(reader);
    this.#labels.request();
  }

  /** Mark an object of what was. */
  markPast(id: number): void {
    this.#selection.colour = "#ffd76a";
    this.#selection.set(this.#past, id);
  }

  #showLabels(layer: LabelReader): void {
    this.#annotation?.dispose();
    const view = this.#viewOf(
      layer,
      annotationColouring(this.#model, layer),
      this.#model.opacity.value,
    );
    const remove = this.#labels.addBelow(view);
    this.#annotation = {
      view,
      dispose() {
        remove();
        view.destroy();
      },
    };
  }

  #viewOf(reader: LabelReader, colouring: Colouring, opacity: number): LabelView {
    const view = new LabelView(reader, colouring, () => this.#labels.request());
    view.setOpacity(opacity);
    view.setShown(this.#showsLabels());
    view.colourNow(this.stage.view());
    return view;
  }

  /** Replace the draft on screen. */
  showDraft(draft: DraftStore, look: DraftLook): void {
    this.hideDraft();
    const colouring = draftColouring(this.#model, draft, look);
    const view = this.#viewOf(draft, colouring, this.#model.draftOpacity.value);
    // Asked for every frame, so that no frame shows a draft where labels are drawn blind.
    const remove = this.#labels.addBelow({
      draw: (frame) => (this.#past || this.isBlind(frame.view) ? false : view.draw(frame)),
    });
    const forget = draft.onInstances((event) => view.refresh(event.ids));
    this.#draft = {
      view,
      look,
      dispose() {
        remove();
        forget();
        view.destroy();
      },
    };
  }

  hideDraft(): void {
    this.#draft?.dispose();
    this.#draft = undefined;
  }

  #showsLabels(): boolean {
    return !this.#model.isPeeking.value && !this.#model.isComparing.value;
  }

  /** Draw two layers that are compared, in the place of the labels. */
  addComparison(drawable: Drawable): () => void {
    return this.#labels.addBelow(drawable);
  }

  requestLabels(): void {
    this.#labels.request();
  }

  /** Draw instances of the draft anew; null for all. */
  refreshDraft(ids: readonly number[] | null): void {
    this.#draft?.view.refresh(ids);
  }

  /** Read what is shown of a box. @throws EditRefused */
  async readPicture(box: Rect): Promise<PixelPicture> {
    const { plane, stackSize, channels } = this.#model;
    const picture = pictureOf(plane.value, stackSize.value, channels.value.length);
    try {
      return { box, rgba: await this.painter.read(box, picture) };
    } catch {
      throw new EditRefused("no_pixels", texts.viewing.pixelsNotLoaded);
    }
  }

  markSelected(draft: DraftStore | undefined): void {
    const { selected, selectedDraft } = this.#model;
    if (this.#past) return;
    if (selected.value) {
      this.#selection.colour = "#ffffff";
      this.#selection.set(this.#layer, selected.value);
    } else {
      this.#selection.colour = "#ffd76a";
      this.#selection.set(selectedDraft.value ? draft : undefined, selectedDraft.value);
    }
  }

  showCursor(place: PointerPlace | undefined, isPanning: boolean): void {
    const tool = toolNamed(this.#model.tool.value);
    const isComparing = this.#model.isComparing.value;
    const isBrush = tool.cursor === "brush" && !isPanning && !isComparing;
    const isErasing = place?.isEraser || place?.isAlt;
    this.cursor.setBrush(
      place && isBrush
        ? {
            centre: place.image,
            radius: this.#model.radius.value,
            colour: isErasing ? "#ffb38a" : (tool.tint ?? "#ffffff"),
          }
        : undefined,
    );
    const cursor = isComparing ? "pointer" : tool.cursor;
    this.stage.element.dataset.cursor = isPanning ? "grab" : cursor;
  }

  /** Grey values of a box as shown; undefined where the picture is not loaded at full size. */
  brightness(box: Rect): Uint8Array | undefined {
    const { shown } = this.stage.pictures;
    const tiles = this.painter.tiles.filter(({ job }) => job.picture.name === shown);
    return shownGrey(box, tiles, this.#token.grant.tile_size);
  }

  destroy(): void {
    for (const dispose of this.#disposers) dispose();
    this.hideDraft();
    this.#annotation?.dispose();
    this.#maps.destroy();
    this.people.destroy();
    this.#labels.destroy();
    this.#marks.destroy();
    this.stage.destroy();
    this.painter.destroy();
    this.#token.destroy();
  }

  #drawn(view: View): void {
    this.#maps.drawNow(view);
    this.#labels.drawNow(view);
    this.#marks.drawNow(view);
    this.#model.scale.value = view.scale;
    this.#model.isBlind.value = this.isBlind(view);
  }

  /** Whether an open blind region is in a view: no draft may be seen in it. */
  isBlind({ visible }: View): boolean {
    return showsBlindRegion(this.#model, visible);
  }

  /** Draw those anew that became chosen, or are no longer. */
  #followChosen(): () => void {
    const { chosen } = this.#model;
    let before = chosen.peek();
    return effect(() => {
      const now = chosen.value;
      const views = { annotation: this.#annotation?.view, draft: this.#draft?.view };
      if (now.among === before.among) views[now.among]?.refresh(differing(now.ids, before.ids));
      else for (const { among, ids } of [before, now]) views[among]?.refresh([...ids]);
      before = now;
    });
  }

  /** Carry what a person changes in the panels over to what is drawn. */
  #follow(): void {
    const model = this.#model;
    this.#disposers.push(
      effect(() => this.painter.setStyles(model.channels.value, model.isPictureInverted.value)),
      effect(() => {
        void model.labelStyle.value;
        void model.colourBy.value;
        void model.classes.value;
        void model.palette.value;
        void model.authors.value;
        void model.edgeWidth.value;
        const { view } = this.#annotation ?? {};
        view?.setColouring(annotationColouring(model, view.reader));
        const draft = this.#draft;
        draft?.view.setColouring(draftColouring(model, draft.view.reader, draft.look));
      }),
      this.#followChosen(),
      effect(() => this.#annotation?.view.setOpacity(model.opacity.value)),
      effect(() => this.#draft?.view.setOpacity(model.draftOpacity.value)),
      effect(() => {
        const isShown = this.#showsLabels();
        this.#annotation?.view.setShown(isShown);
        this.#draft?.view.setShown(isShown);
      }),
      effect(() => {
        this.#regions.set(regionBoxes(model));
        model.isBlind.value = this.isBlind(this.stage.view());
      }),
    );
  }
}
