/** Everything that is drawn: image, label layers, marks; kept in step with the model. */
import { effect } from "@preact/signals";
import { type GrantTiles, type TileGrant, TileToken } from "../../api/tiles";
import type { Rect } from "../../geometry/rect";
import type { Picture as PixelPicture } from "../../labels/similar";
import { EditRefused } from "../../store/edit_refused";
import type { LayerStore } from "../../store/types";
import * as texts from "../../texts";
import { toolNamed } from "../../tools/tools";
import { AreaMark } from "../../viewer/area_mark";
import { BoxMark } from "../../viewer/box_mark";
import { FlashMark } from "../../viewer/flash";
import type { PointerPlace } from "../../viewer/gesture";
import { MapMark } from "../../viewer/map_mark";
import { CursorMark, RegionMarks } from "../../viewer/marks";
import { PeopleMarks } from "../../viewer/people_marks";
import { shownGrey } from "../../viewer/shown_grey";
import { SketchMark } from "../../viewer/sketch";
import type { View } from "../../viewer/stage";
import { Stage } from "../../viewer/stage";
import { Surface } from "../../viewer/surface";
import { TilePainter } from "../../viewer/tile_paint";
import type { Picture } from "../../viewer/tile_source";
import type { EditorModel } from "./model";
import { isStack, pictureOf } from "./planes";
import { regionBoxes, showsBlindRegion } from "./region_boxes";
import { ShownLayers } from "./shown_layers";

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
  readonly layers: ShownLayers;
  readonly painter: TilePainter;
  readonly #model: EditorModel;
  readonly #token: TileToken;
  /** Below the labels. */
  readonly #maps: Surface;
  readonly #labels: Surface;
  readonly #marks: Surface;
  readonly #regions: RegionMarks;
  readonly #disposers: (() => void)[] = [];

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
    this.cursor = new CursorMark(requestMarks);
    this.sketch = new SketchMark(requestMarks);
    this.flash = new FlashMark(requestMarks, isReducedMotion);
    this.map = new MapMark(() => this.#maps.request());
    // Asked for every frame, as drafts are.
    this.#maps.add({
      draw: (frame) => (this.isBlind(frame.view) ? false : this.map.draw(frame)),
    });
    this.#labels.add(this.#regions);
    this.layers = new ShownLayers({
      model,
      surface: this.#labels,
      getView,
      isBlind: (view) => this.isBlind(view),
    });
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
    this.people.follow(layer, () => layer.isBusy);
    this.layers.showAnnotation(layer);
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
    this.layers.destroy();
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

  /** Carry what a person changes in the panels over to what is drawn. */
  #follow(): void {
    const model = this.#model;
    this.#disposers.push(
      effect(() => this.painter.setStyles(model.channels.value, model.isPictureInverted.value)),
      effect(() => {
        this.#regions.set(regionBoxes(model));
        model.isBlind.value = this.isBlind(this.stage.view());
      }),
    );
  }
}
