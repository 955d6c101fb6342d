/** Everything that is drawn: image, label layers, marks; kept in step with the model. */
import { effect } from "@preact/signals";
import { type GrantTiles, type TileGrant, TileToken } from "../../api/tiles";
import { intersect, isEmpty } from "../../geometry/rect";
import type { DraftStore, LayerStore } from "../../store/types";
import { toolNamed } from "../../tools/tools";
import type { Colouring } from "../../viewer/colouring";
import { type Hues, labelColours } from "../../viewer/colours";
import { FlashMark } from "../../viewer/flash";
import type { PointerPlace } from "../../viewer/input";
import { LabelView } from "../../viewer/label_view";
import { CursorMark, RegionMarks, SelectionMark } from "../../viewer/marks";
import { Stage, type View } from "../../viewer/stage";
import { Surface } from "../../viewer/surface";
import { TilePainter } from "../../viewer/tile_paint";
import type { EditorModel, RegionInfo } from "./model";
import { coverageLabel } from "./region_words";

/** Amber belongs to drafts alone; violet drowns in haematoxylin, deep blue in black. */
const ANNOTATION_HUES: readonly Hues[] = [
  [90, 212],
  [318, 372],
];
const ANNOTATION_COLOURS = labelColours({ fillAlpha: 96, edgeAlpha: 255, hues: ANNOTATION_HUES });
const FILLED_COLOURS = labelColours({ fillAlpha: 170, edgeAlpha: 255, hues: ANNOTATION_HUES });
const DRAFT_COLOURS = labelColours({ fillAlpha: 120, edgeAlpha: 255, hues: [[30, 62]] });
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
  readonly painter: TilePainter;
  readonly #model: EditorModel;
  readonly #token: TileToken;
  readonly #labels: Surface;
  readonly #marks: Surface;
  readonly #selection: SelectionMark;
  readonly #regions: RegionMarks;
  readonly #disposers: (() => void)[] = [];
  #annotation: LabelView | undefined;
  #draft: { view: LabelView; look: DraftLook; dispose: () => void } | undefined;
  #layer: LayerStore | undefined;

  constructor(options: {
    model: EditorModel;
    element: HTMLElement;
    grant: TileGrant;
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
    this.#labels.add(this.#regions);
    this.#labels.add(this.#selection);
    this.#marks.add(this.flash);
    this.#marks.add(this.cursor);
    this.#disposers.push(this.stage.onDrawn((view) => this.#drawn(view)));
    this.#follow();
  }

  showAnnotation(layer: LayerStore): void {
    this.#layer = layer;
    this.#annotation?.destroy();
    this.#annotation = new LabelView(layer, this.#annotationColouring(), () =>
      this.#labels.request(),
    );
    this.#annotation.setOpacity(this.#model.opacity.value);
    this.#labels.addBelow(this.#annotation);
  }

  /** Replace the draft on screen. */
  showDraft(draft: DraftStore, look: DraftLook): void {
    this.hideDraft();
    const view = new LabelView(draft, this.#draftColouring(look), () => this.#labels.request());
    view.setOpacity(this.#model.draftOpacity.value);
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
    this.#annotation?.destroy();
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
    return this.#model.regions
      .peek()
      .some(
        ({ purpose, state, box }) =>
          purpose === "blind_validation" && state === "open" && !isEmpty(intersect(box, visible)),
      );
  }

  /** Carry what a person changes in the panels over to what is drawn. */
  #follow(): void {
    const model = this.#model;
    this.#disposers.push(
      effect(() => this.painter.setStyles(model.channels.value)),
      effect(() => {
        void model.labelStyle.value;
        this.#annotation?.setColouring(this.#annotationColouring());
        this.#draft?.view.setColouring(this.#draftColouring(this.#draft.look));
      }),
      effect(() => this.#annotation?.setOpacity(model.opacity.value)),
      effect(() => this.#draft?.view.setOpacity(model.draftOpacity.value)),
      effect(() => {
        const isShown = !model.isPeeking.value;
        this.#annotation?.setShown(isShown);
        this.#draft?.view.setShown(isShown);
      }),
      effect(() => {
        this.#regions.set(this.#regionBoxes());
        this.#model.isBlind.value = this.#isBlind(this.stage.view());
      }),
    );
  }

  #regionBoxes() {
    const { regions, chosenRegion, drawnBox } = this.#model;
    const boxes = regions.value.map((region) => ({
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

  #annotationColouring(): Colouring {
    const style = this.#model.labelStyle.value;
    const colours = style === "filled" ? FILLED_COLOURS : ANNOTATION_COLOURS;
    return { style, colours, isDraft: false };
  }

  #draftColouring(look: DraftLook): Colouring {
    const style = this.#model.labelStyle.value;
    return { style, colours: DRAFT_COLOURS, isDraft: true, ...look };
  }
}

function regionLabel(region: RegionInfo): string {
  const blind = region.purpose === "blind_validation" ? " · blind" : "";
  return `${coverageLabel(region.coverage)}${blind}${region.state === "submitted" ? " ✓" : ""}`;
}
