/** Everything that is drawn: image, label layers, marks; kept in step with the model. */
import { effect } from "@preact/signals";
import { type GrantTiles, type TileGrant, TileToken } from "../../api/tiles";
import { intersect, isEmpty } from "../../geometry/rect";
import { meets } from "../../labels/spans";
import type { DraftStore, LabelReader, LayerStore } from "../../store/types";
import { toolNamed } from "../../tools/tools";
import type { Colouring } from "../../viewer/colouring";
import { FlashMark } from "../../viewer/flash";
import type { PointerPlace } from "../../viewer/input";
import { LabelView } from "../../viewer/label_view";
import { CursorMark, RegionMarks, SelectionMark } from "../../viewer/marks";
import { PeopleMarks } from "../../viewer/people_marks";
import { Stage, type View } from "../../viewer/stage";
import { Surface } from "../../viewer/surface";
import { TilePainter } from "../../viewer/tile_paint";
import type { Picture } from "../../viewer/tile_source";
import { coloursBy } from "./colour_choice";
import type { EditorModel, RegionInfo } from "./model";
import { isStack, spanText } from "./planes";
import { coverageLabel } from "./region_words";

/** Which instances of a draft are not drawn, and which only faintly. */
export interface DraftLook {
  readonly isHidden: (id: number) => boolean;
  readonly isFaded: (id: number) => boolean;
}

const REGION_COLOURS = { complete: "#7ddb9a", positives_only: "#8fb8ff", ignore: "#b6bdc7" };

export class Scene {
  readonly stage: Stage;
  readonly cursor: CursorMark;
  readonly flash: FlashMark;
  readonly people: PeopleMarks;
  readonly painter: TilePainter;
  readonly #model: EditorModel;
  readonly #token: TileToken;
  readonly #labels: Surface;
  readonly #marks: Surface;
  readonly #selection: SelectionMark;
  readonly #regions: RegionMarks;
  readonly #disposers: (() => void)[] = [];
  #annotation: { view: LabelView; dispose: () => void } | undefined;
  #draft: { view: LabelView; look: DraftLook; dispose: () => void } | undefined;
  #layer: LayerStore | undefined;

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
    this.#labels = new Surface(element, getView);
    this.#marks = new Surface(element, getView);
    const requestLabels = () => this.#labels.request();
    const requestMarks = () => this.#marks.request();
    this.#regions = new RegionMarks(requestLabels);
    this.#selection = new SelectionMark(requestLabels);
    this.cursor = new CursorMark(requestMarks);
    this.flash = new FlashMark(requestMarks, isReducedMotion);
    this.people = new PeopleMarks(requestLabels);
    this.#labels.add(this.#regions);
    this.#labels.add(this.#selection);
    this.#labels.add(this.people);
    this.#marks.add(this.flash);
    this.#marks.add(this.cursor);
    this.#disposers.push(this.stage.onDrawn((view) => this.#drawn(view)));
    this.#follow();
  }

  /** Show the labels of a plane instead of those before. */
  showAnnotation(layer: LayerStore): void {
    this.#layer = layer;
    this.#annotation?.dispose();
    const view = this.#viewOf(layer, this.#annotationColouring(layer), this.#model.opacity.value);
    const remove = this.#labels.addBelow(view);
    this.people.follow(layer, () => layer.isBusy);
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
    view.setShown(!this.#model.isPeeking.value);
    view.colourNow(this.stage.view());
    return view;
  }

  /** Replace the draft on screen. */
  showDraft(draft: DraftStore, look: DraftLook): void {
    this.hideDraft();
    const colouring = this.#draftColouring(draft, look);
    const view = this.#viewOf(draft, colouring, this.#model.draftOpacity.value);
    // Asked for every frame, so that no frame shows a draft where labels are drawn blind.
    const remove = this.#labels.addBelow({
      draw: (frame) => (this.#isBlind(frame.view) ? false : view.draw(frame)),
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

  /** Draw instances of the draft anew; null for all. */
  refreshDraft(ids: readonly number[] | null): void {
    this.#draft?.view.refresh(ids);
  }

  markSelected(draft: DraftStore | undefined): void {
    const { selected, selectedDraft } = this.#model;
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
    const isBrush = tool.cursor === "brush" && !isPanning;
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
    this.stage.element.dataset.cursor = isPanning ? "grab" : tool.cursor;
  }

  destroy(): void {
    for (const dispose of this.#disposers) dispose();
    this.hideDraft();
    this.#annotation?.dispose();
    this.people.destroy();
    this.#labels.destroy();
    this.#marks.destroy();
    this.stage.destroy();
    this.painter.destroy();
    this.#token.destroy();
  }

  #drawn(view: View): void {
    this.#labels.drawNow(view);
    this.#marks.drawNow(view);
    this.#model.scale.value = view.scale;
    this.#model.isBlind.value = this.#isBlind(view);
  }

  #isBlind({ visible }: View): boolean {
    const plane = { ...this.#model.plane.peek(), depth: 1 };
    return this.#model.regions
      .peek()
      .some(
        (region) =>
          region.purpose === "blind_validation" &&
          region.state === "open" &&
          meets(region, plane) &&
          !isEmpty(intersect(region.box, visible)),
      );
  }

  /** Carry what a person changes in the panels over to what is drawn. */
  #follow(): void {
    const model = this.#model;
    this.#disposers.push(
      effect(() => this.painter.setStyles(model.channels.value)),
      effect(() => {
        void model.labelStyle.value;
        void model.colourBy.value;
        void model.classes.value;
        const { view } = this.#annotation ?? {};
        view?.setColouring(this.#annotationColouring(view.reader));
        const draft = this.#draft;
        draft?.view.setColouring(this.#draftColouring(draft.view.reader, draft.look));
      }),
      effect(() => this.#annotation?.view.setOpacity(model.opacity.value)),
      effect(() => this.#draft?.view.setOpacity(model.draftOpacity.value)),
      effect(() => {
        const isShown = !model.isPeeking.value;
        this.#annotation?.view.setShown(isShown);
        this.#draft?.view.setShown(isShown);
      }),
      effect(() => {
        this.#regions.set(this.#regionBoxes());
        this.#model.isBlind.value = this.#isBlind(this.stage.view());
      }),
    );
  }

  #regionBoxes() {
    const { regions, chosenRegion, drawnBox, plane } = this.#model;
    const here = { ...plane.value, depth: 1 };
    const shown = regions.value.filter((region) => meets(region, here));
    const boxes = shown.map((region) => ({
      id: region.id,
      box: region.box,
      colour: REGION_COLOURS[region.coverage],
      label: regionLabel(region),
      isOpen: region.state === "open",
      isChosen: region.id === chosenRegion.value,
    }));
    const drawn = drawnBox.value;
    if (drawn) {
      boxes.push({
        id: "",
        box: drawn,
        colour: "#56c1cd",
        label: "New region",
        isOpen: true,
        isChosen: true,
      });
    }
    return boxes;
  }

  #annotationColouring(reader: LabelReader): Colouring {
    return { ...this.#colours(reader, false), isDraft: false };
  }

  #draftColouring(reader: LabelReader, look: DraftLook): Colouring {
    return { ...this.#colours(reader, true), isDraft: true, ...look };
  }

  #colours(reader: LabelReader, isDraft: boolean) {
    const { labelStyle, colourBy, classes } = this.#model;
    const style = labelStyle.value;
    const { instances } = reader;
    return { style, ...coloursBy(colourBy.value, style, instances, classes.value, isDraft) };
  }
}

function regionLabel(region: RegionInfo): string {
  const blind = region.purpose === "blind_validation" ? " · blind" : "";
  const planes = region.depth > 1 ? ` · ${spanText(region)}` : "";
  const done = region.state === "submitted" ? " ✓" : "";
  return `${coverageLabel(region.coverage)}${blind}${planes}${done}`;
}
