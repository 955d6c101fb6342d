/** One open image: stores, scene, tools and panels put together. */
import { effect, untracked } from "@preact/signals";
import type { ImageApi } from "../../api/images";
import type { RestLayerApi } from "../../api/layers";
import type { ImageJson } from "../../api/types";
import type { LayerStore } from "../../store/types";
import { deleteObject, pick } from "../../tools/clicks";
import type { ToolContext, ToolName } from "../../tools/tool";
import { toolNamed } from "../../tools/tools";
import { type Gesture, PointerInput, type PointerPlace } from "../../viewer/input";
import { showsDetail } from "../../viewer/label_view";
import type { EditorActions } from "./actions";
import { ContrastDesk, initialStyles } from "./contrast_desk";
import { bindKeys } from "./keys";
import { dismiss, type EditorModel, LARGEST_RADIUS, notify, SMALLEST_RADIUS } from "./model";
import { RegionDesk } from "./region_desk";
import { Review } from "./review";
import { Scene } from "./scene";

export interface SessionParts {
  readonly model: EditorModel;
  readonly element: HTMLElement;
  readonly images: ImageApi;
  readonly layers: RestLayerApi;
  readonly openLayer: (layerId: string) => Promise<LayerStore>;
}

const ZOOM_STEP = 1.5;
const RADIUS_STEP = 1.15;
const LABEL_STYLES = ["both", "outline", "filled", "none"] as const;

/** Show one image; resolves when it can be painted on. */
export async function openSession(parts: SessionParts, image: ImageJson): Promise<EditorSession> {
  const { model, images, layers } = parts;
  model.image.value = imageInfo(image);
  model.channels.value = initialStyles(image);
  const [grant, rows, regions] = await Promise.all([
    images.view(image.id),
    layers.ofImage(image.id),
    images.regions(image.id),
  ]);
  const own = rows.find((row) => row.kind === "annotation");
  if (!own) throw new Error("the server gave this image no annotation layer");
  let hasTileTrouble = false;
  const scene = new Scene({
    model,
    element: parts.element,
    grant,
    renew: () => images.view(image.id),
    onTileTrouble: () => {
      if (hasTileTrouble) return;
      hasTileTrouble = true;
      const text = "Parts of the image could not be loaded. Move the view to try again.";
      notify(model, text, { tone: "problem" });
    },
  });
  const [layer] = await Promise.all([parts.openLayer(own.id), scene.stage.ready()]);
  scene.stage.fit(true);
  const session = new EditorSession(parts, scene, layer);
  session.desk.setRows(regions);
  session.review.setRows(rows);
  await session.review.chooseFirst();
  return session;
}

export class EditorSession implements EditorActions {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly review: Review;
  readonly desk: RegionDesk;
  readonly contrast: ContrastDesk;
  readonly input: PointerInput;
  readonly #disposers: (() => void)[] = [];
  #isPanHeld = false;
  #lastPlace: PointerPlace | undefined;

  constructor(parts: SessionParts, scene: Scene, layer: LayerStore) {
    this.model = parts.model;
    this.scene = scene;
    this.layer = layer;
    const attempt = <T>(edit: () => Promise<T>) => this.attempt(edit);
    const shared = { model: parts.model, scene, layer, images: parts.images, attempt };
    this.review = new Review({ ...shared, layers: parts.layers });
    this.desk = new RegionDesk(shared);
    this.contrast = new ContrastDesk(parts.model, scene);
    scene.showAnnotation(layer);
    this.input = new PointerInput(scene.stage, {
      down: (place) => this.#down(place),
      hover: (place) => this.#hover(place),
      tap: (place) => this.#tap(place),
      resizeBrush: (direction) => this.changeRadius(direction),
      isPanning: () => this.#isPanHeld,
      touchPaints: () => this.model.touchPaints.value,
    });
    this.#disposers.push(
      bindKeys(this, parts.element),
      () => this.input.destroy(),
      layer.saveState.subscribe((state) => {
        this.model.save.value = state;
      }),
      layer.history.subscribe((state) => {
        this.model.history.value = state;
      }),
      layer.onInstances(() => this.#factsChanged()),
      layer.onTrouble((text) => notify(this.model, text, { tone: "problem" })),
      layer.onRefused((report) => notify(this.model, report.message, { tone: "problem" })),
      effect(() => {
        void this.model.selected.value;
        void this.model.selectedDraft.value;
        void this.model.draftCounts.value;
        untracked(() => this.#factsChanged());
        this.scene.markSelected(this.review.draft);
      }),
      effect(() => {
        void this.model.tool.value;
        void this.model.radius.value;
        untracked(() => this.scene.showCursor(this.#lastPlace, this.#isPanHeld));
      }),
      effect(() => {
        const isBlind = this.model.isBlind.value;
        untracked(() => void this.review.followBlindness(isBlind));
      }),
    );
    this.#factsChanged();
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
    this.review.close();
    this.scene.destroy();
    this.layer.close();
  }

  // ------------------------------------------------------------------ tools and painting

  chooseTool(name: ToolName): void {
    this.input.finish();
    this.model.tool.value = name;
    if (name !== "region") this.scene.cursor.setBand(undefined);
  }

  armNew(): void {
    this.model.isNewArmed.value = !this.model.isNewArmed.value;
    if (!this.model.isNewArmed.value) return;
    this.model.tool.value = this.model.tool.value === "fill" ? "fill" : "brush";
    this.model.spoken.value = "The next stroke makes a new object";
  }

  changeRadius(direction: 1 | -1): void {
    const { radius } = this.model;
    const wanted = radius.value * RADIUS_STEP ** direction;
    const stepped = direction > 0 ? Math.ceil(wanted * 2) / 2 : Math.floor(wanted * 2) / 2;
    radius.value = Math.min(LARGEST_RADIUS, Math.max(SMALLEST_RADIUS, stepped));
  }

  undo(): void {
    this.input.cancel();
    void this.attempt(() => this.layer.undo());
  }

  redo(): void {
    this.input.finish();
    void this.attempt(() => this.layer.redo());
  }

  escape(): void {
    if (this.input.isActive) this.input.cancel();
    else if (this.model.drawnBox.value) this.desk.drop();
    else if (this.model.isNewArmed.value) this.model.isNewArmed.value = false;
    else this.selectNone();
  }

  deleteSelected(): void {
    const { selected } = this.model;
    if (selected.value) deleteObject(this.#context(), selected.value);
    else notify(this.model, "Select an object first.");
  }

  selectNone(): void {
    this.model.selected.value = 0;
    this.model.selectedDraft.value = 0;
  }

  revealSelected(): void {
    const { selected, selectedDraft } = this.model;
    const reader = selected.value ? this.layer : this.review.draft;
    const row = reader?.instances.get(selected.value || selectedDraft.value);
    if (row) this.scene.stage.reveal(row.box);
    else notify(this.model, "Select an object first.");
  }

  /** Run an edit; what it refuses is told as the sentence it carries. */
  async attempt<T>(edit: () => Promise<T>): Promise<T | undefined> {
    try {
      return await edit();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      notify(this.model, text, { tone: "problem" });
      // Refusals carry a sentence and a code; anything else is a fault worth a trace.
      if (!(error instanceof Error && "code" in error)) console.error(error);
      return undefined;
    }
  }

  // ------------------------------------------------------------------ view

  zoom(direction: 1 | -1): void {
    this.scene.stage.zoomBy(ZOOM_STEP ** direction, this.#lastPlace?.screen);
  }

  zoomToPixels(): void {
    this.scene.stage.zoomToPixels();
  }

  fit(): void {
    this.scene.stage.fit();
  }

  pan(dx: number, dy: number): void {
    this.scene.stage.panBy(dx, dy, false);
  }

  peek(isOn: boolean): void {
    this.model.isPeeking.value = isOn;
  }

  holdPan(isOn: boolean): void {
    this.#isPanHeld = isOn;
    this.scene.showCursor(this.#lastPlace, isOn);
  }

  cycleLabelStyle(): void {
    const { labelStyle } = this.model;
    const at = LABEL_STYLES.indexOf(labelStyle.value);
    labelStyle.value = LABEL_STYLES[(at + 1) % LABEL_STYLES.length] ?? "both";
  }

  focusStage(): void {
    this.scene.stage.focusTarget.focus({ preventScroll: true });
  }

  leaveOrEnterStage(): void {
    const isOnStage = this.scene.stage.element.contains(document.activeElement);
    if (isOnStage) document.querySelector<HTMLElement>(".toolbar [tabindex='0']")?.focus();
    else this.focusStage();
  }

  retrySaving(): void {
    this.layer.retrySaving();
  }

  dismiss(notice: number): void {
    dismiss(this.model, notice);
  }

  // ------------------------------------------------------------------ inside

  #down(place: PointerPlace): Gesture | undefined {
    return toolNamed(this.model.tool.value).down(this.#context(), place);
  }

  #tap(place: PointerPlace): void {
    const tool = toolNamed(this.model.tool.value);
    if (tool.cursor === "brush") pick(this.#context(), place.image);
    else tool.down(this.#context(), place)?.end(place);
  }

  #hover(place: PointerPlace | undefined): void {
    this.#lastPlace = place;
    this.scene.showCursor(place, this.#isPanHeld);
    this.model.cursor.value = place && {
      x: place.image.x,
      y: place.image.y,
      label: this.layer.labelAt(place.image) ?? 0,
    };
  }

  #context(): ToolContext {
    const { model, scene, layer, desk } = this;
    const draft = this.review.draft;
    return {
      layer,
      draft,
      radius: model.radius.value,
      mode: model.mode.value,
      startsNew: model.startsNew.value,
      isNewArmed: model.isNewArmed.value,
      selected: model.selected.value,
      visible: scene.stage.view().visible,
      paintProblem: () => this.#paintProblem(),
      select: (id) => {
        model.selectedDraft.value = 0;
        model.selected.value = id;
      },
      selectDraft: (id) => {
        model.selected.value = 0;
        model.selectedDraft.value = id;
      },
      disarmNew: () => {
        model.isNewArmed.value = false;
      },
      panBy: (dx, dy) => scene.stage.panBy(dx, dy, true),
      showBand: (box) => scene.cursor.setBand(box && { box, colour: "#56c1cd" }),
      regionDrawn: (box) => desk.drawn(box),
      say: (text, tone = "info") => notify(model, text, { tone }),
      attempt: (edit) => this.attempt(edit),
    };
  }

  #paintProblem(): string | undefined {
    if (!this.model.mayAnnotate.value) {
      return "You may look at this project but not annotate it. Ask its owner for the role annotator.";
    }
    return showsDetail(this.scene.stage.view(), this.layer.info.chunk)
      ? undefined
      : "Zoom in to paint: single pixels cannot be seen at this size.";
  }

  #factsChanged(): void {
    const { model, layer, review } = this;
    model.nObjects.value = layer.instances.count;
    const row = layer.instances.get(model.selected.value);
    model.facts.value = row && row.areaPx > 0 ? { ...row } : undefined;
    const draft = review.draft?.instances.get(model.selectedDraft.value);
    model.draftFacts.value = draft && { ...draft };
  }
}

function imageInfo(image: ImageJson) {
  return {
    id: image.id,
    project: image.project,
    name: image.name,
    width: image.width ?? 1,
    height: image.height ?? 1,
    isRgb: image.is_rgb,
    pixelSizeUm: image.pixel_size_um,
    dtype: image.dtype,
    channels: image.channels,
  };
}
