/** Tools between the pointer and the stores: strokes, clicks, undo. */
import type { PromptApi } from "../../api/prompts";
import type { PlaneRef } from "../../labels/spans";
import type { StrokeKind } from "../../store/edit_types";
import type { LayerStore } from "../../store/types";
import * as texts from "../../texts";
import { deleteObject, pick } from "../../tools/clicks";
import { lineSketch } from "../../tools/path";
import { reshapeSelected, type ShapeCommand } from "../../tools/shaping";
import type { StrokeEnd, ToolContext, ToolName } from "../../tools/tool";
import { toolNamed } from "../../tools/tools";
import type { Gesture, PointerPlace } from "../../viewer/gesture";
import { PointerInput } from "../../viewer/input";
import { showsDetail } from "../../viewer/label_view";
import type { Sketch } from "../../viewer/sketch";
import type { ChosenDesk } from "./chosen_desk";
import type { CompareDesk } from "./compare_desk";
import type { DraftDesk } from "./draft_desk";
import { type EditorModel, LARGEST_RADIUS, SMALLEST_RADIUS } from "./model";
import { notify } from "./notices";
import { nearest } from "./planes";
import { PromptDesk } from "./prompt_desk";
import type { RegionDesk } from "./region_desk";
import type { Scene } from "./scene";
import type { TimeTravel } from "./time_travel";
import type { ViewDesk } from "./view_desk";

export interface PaintParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly drafts: DraftDesk;
  readonly regions: RegionDesk;
  readonly view: ViewDesk;
  readonly many: ChosenDesk;
  readonly compare: CompareDesk;
  readonly promptApi: PromptApi;
  /** One plane on or back, along z or in time. */
  readonly turnPlane: (by: 1 | -1, isTime: boolean) => void;
  readonly goTo: (plane: PlaneRef) => Promise<void>;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
  /** Where the pointer chooses instead of painting, while it is shown. */
  readonly travel?: () => Pick<TimeTravel, "isAway" | "down" | "pick">;
}

const RADIUS_STEP = 1.15;
const STROKES: ReadonlySet<string> = new Set<StrokeKind>(["brush", "erase-selected", "erase-any"]);

export class PaintDesk {
  readonly input: PointerInput;
  readonly prompts: PromptDesk;
  readonly #parts: PaintParts;
  #sketch: Sketch | undefined;
  /** Where strokes of this tool ended that are not undone; the last one at the end. */
  #ends: StrokeEnd[] = [];
  readonly #forgetPlane: () => void;

  constructor(parts: PaintParts) {
    const { model, scene, view } = parts;
    this.#parts = parts;
    this.prompts = new PromptDesk(model, scene, parts.promptApi, () => this.#context());
    this.input = new PointerInput(scene.stage, {
      down: (place) => this.#down(place),
      hover: (place) => this.#hover(place),
      tap: (place) => this.#tap(place),
      resizeBrush: (direction) => this.changeRadius(direction),
      takesWheel: (direction) => this.prompts.turn(direction),
      changePlane: (direction, isTime) => parts.turnPlane(direction, isTime),
      isPanning: () => view.isPanHeld,
      touchPaints: () => model.touchPaints.value,
      penArrived: () => {
        if (!model.touchPaints.value) return;
        model.touchPaints.value = false;
        notify(model, texts.editor.painting.penPaints);
      },
    });
    this.#forgetPlane = model.plane.subscribe(() => this.#forget());
  }

  chooseTool(name: ToolName): void {
    const { model, scene } = this.#parts;
    this.input.finish();
    this.#forget();
    model.tool.value = name;
    this.prompts.drop();
    if (name !== "region") scene.cursor.setBand(undefined);
  }

  armNew(): void {
    const { model } = this.#parts;
    model.isNewArmed.value = !model.isNewArmed.value;
    if (!model.isNewArmed.value) return;
    const keeps = model.tool.value === "fill" || model.tool.value === "lasso";
    if (!keeps) this.chooseTool("brush");
    model.spoken.value = texts.editor.toolBar.nextIsNew;
  }

  changeRadius(direction: 1 | -1): void {
    const { radius } = this.#parts.model;
    const wanted = radius.value * RADIUS_STEP ** direction;
    const stepped = direction > 0 ? Math.ceil(wanted * 2) / 2 : Math.floor(wanted * 2) / 2;
    radius.value = Math.min(LARGEST_RADIUS, Math.max(SMALLEST_RADIUS, stepped));
  }

  /** During a gesture take back what it did so far, else the last edit; never both. */
  undo(): void {
    if (this.input.isActive) {
      this.input.cancel();
      return;
    }
    if (this.takesKey("backspace")) return;
    const { undoKind } = this.#parts.layer.history.value;
    if (undoKind !== null && STROKES.has(undoKind)) this.#ends.pop();
    void this.#parts.attempt(() => this.#parts.layer.undo());
  }

  redo(): void {
    this.input.finish();
    void this.#parts.attempt(() => this.#parts.layer.redo());
  }

  escape(): void {
    const { model, regions, many } = this.#parts;
    if (this.input.isActive) this.input.cancel();
    else if (this.#sketch) this.#showSketch(undefined);
    else if (this.prompts.isOpen) this.prompts.drop();
    else if (model.drawnBox.value) regions.drop();
    else if (model.isNewArmed.value) model.isNewArmed.value = false;
    else if (many.count > 0) many.none();
    else this.selectNone();
  }

  deleteSelected(): void {
    const { selected } = this.#parts.model;
    if (this.#parts.many.remove()) return;
    if (selected.value) deleteObject(this.#context(), selected.value);
    else notify(this.#parts.model, texts.editor.painting.selectFirst);
  }

  reshape(command: ShapeCommand): void {
    this.input.finish();
    void reshapeSelected(this.#context(), command);
  }

  /** Whether a key is about what is being drawn; it then does what it does there. */
  takesKey(key: string): boolean {
    if (!this.#sketch || this.input.isActive) return false;
    return toolNamed(this.#parts.model.tool.value).press?.(this.#context(), key) ?? false;
  }

  selectNone(): void {
    const { model } = this.#parts;
    model.selected.value = 0;
    model.selectedDraft.value = 0;
  }

  revealSelected(): void {
    const { model, layer, drafts, scene, goTo } = this.#parts;
    const { selected, selectedDraft } = model;
    const reader = selected.value ? layer : drafts.draft;
    const row = reader?.instances.get(selected.value || selectedDraft.value);
    if (row) void goTo(nearest(row, model.plane.value)).then(() => scene.stage.reveal(row.box));
    else notify(model, texts.editor.painting.selectFirst);
  }

  close(): void {
    this.prompts.close();
    this.input.destroy();
    this.#forgetPlane();
  }

  #down(place: PointerPlace): Gesture | undefined {
    const { model, compare } = this.#parts;
    if (model.isComparing.value) return compare.down(place);
    const tool = toolNamed(model.tool.value);
    const travel = this.#parts.travel?.();
    if (travel?.isAway) return travel.down(tool.name, this.#context(), place);
    return tool.down(this.#context(), place);
  }

  #tap(place: PointerPlace): void {
    if (this.#parts.model.isComparing.value) {
      this.#parts.compare.pick(place);
      return;
    }
    const tool = toolNamed(this.#parts.model.tool.value);
    const travel = this.#parts.travel?.();
    if (travel?.isAway) travel.pick(place);
    else if (tool.cursor === "brush") pick(this.#context(), place.image);
    else tool.down(this.#context(), place)?.end(place);
  }

  #showSketch(sketch: Sketch | undefined): void {
    this.#sketch = sketch;
    this.#parts.scene.sketch.set(sketch);
  }

  /** What was begun with another tool, or on another plane, is not gone on with. */
  #forget(): void {
    this.#ends = [];
    this.#showSketch(undefined);
  }

  /** With Shift a click would draw a line from the last stroke: show it. */
  #lineTo(place: PointerPlace | undefined): Sketch | undefined {
    const isBrush = toolNamed(this.#parts.model.tool.value).cursor === "brush";
    const from = this.#ends.at(-1)?.at;
    if (!place?.isShift || !from || !isBrush || this.input.isActive) return undefined;
    return lineSketch([from, place.image], place);
  }

  #hover(place: PointerPlace | undefined): void {
    const { model, scene, layer, view } = this.#parts;
    view.follow(place);
    scene.sketch.set(this.#sketch ?? this.#lineTo(place));
    scene.sketch.follow(place?.image);
    const label = place ? (layer.labelAt(place.image) ?? 0) : 0;
    const className = layer.instances.classOf(label);
    model.cursor.value = place && { x: place.image.x, y: place.image.y, label, className };
  }

  #context(): ToolContext {
    const { model, scene, layer, regions, drafts, many, attempt } = this.#parts;
    return {
      layer,
      draft: drafts.draft,
      showsDraft: (id) => drafts.shows(id),
      radius: model.radius.value,
      mode: model.mode.value,
      startsNew: model.startsNew.value,
      isNewArmed: model.isNewArmed.value,
      activeClass: model.activeClass.value,
      selected: model.selected.value,
      visible: scene.stage.view().visible,
      scale: scene.stage.view().scale,
      sketch: this.#sketch,
      lastEnd: this.#ends.at(-1),
      brightness: (box) => scene.brightness(box),
      many: {
        isLasso: model.isLasso.value,
        enclosed: (enclosure, how) => many.enclosed(enclosure, how),
        toggle: (at) => many.toggle(at),
      },
      paintProblem: () => this.#paintProblem(),
      select: (id) => {
        many.none();
        model.selectedDraft.value = 0;
        model.selected.value = id;
      },
      selectDraft: (id) => {
        many.none();
        model.selected.value = 0;
        model.selectedDraft.value = id;
      },
      disarmNew: () => {
        model.isNewArmed.value = false;
      },
      panBy: (dx, dy) => scene.stage.panBy(dx, dy, true),
      showBand: (box) => scene.cursor.setBand(box && { box, colour: "#56c1cd" }),
      showSketch: (sketch) => this.#showSketch(sketch),
      strokeEnded: (end) => {
        this.#ends.push(end);
      },
      regionDrawn: (box) => regions.drawn(box),
      say: (text, tone = "info") => notify(model, text, { tone }),
      attempt,
      wand: {
        tolerance: model.wandTolerance.value,
        fillsHoles: model.wandFillsHoles.value,
        setTolerance: (value) => {
          model.wandTolerance.value = value;
        },
      },
      prompts: this.prompts,
      readPicture: (box) => scene.readPicture(box),
      showArea: (area, colour) => scene.area.set(area, colour),
    };
  }

  #paintProblem(): string | undefined {
    const { model, scene, layer } = this.#parts;
    if (!model.mayAnnotate.value) {
      return texts.editor.painting.askForRole;
    }
    if (model.isProjected.value) {
      return texts.editor.painting.offInProjection;
    }
    return showsDetail(scene.stage.view(), layer.info.chunk)
      ? undefined
      : texts.editor.painting.zoomIn;
  }
}
