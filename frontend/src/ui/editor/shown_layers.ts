/** The label layers on screen: the annotation as it is or was, and a draft; kept in step with the model. */
import { effect } from "@preact/signals";
import type { DraftStore, LabelReader, LayerStore } from "../../store/types";
import type { Colouring } from "../../viewer/colouring";
import { LabelView } from "../../viewer/label_view";
import { SelectionMark } from "../../viewer/marks";
import type { View } from "../../viewer/stage";
import type { Drawable, Surface } from "../../viewer/surface";
import { differing } from "./chosen";
import { annotationColouring, type DraftLook, draftColouring } from "./label_looks";
import type { EditorModel } from "./model";

interface LayerParts {
  readonly model: EditorModel;
  readonly surface: Surface;
  readonly getView: () => View;
  /** No draft may be seen in this view. */
  readonly isBlind: (view: View) => boolean;
}

export class ShownLayers {
  readonly #model: EditorModel;
  readonly #surface: Surface;
  readonly #getView: () => View;
  readonly #isBlind: (view: View) => boolean;
  readonly #selection: SelectionMark;
  readonly #disposers: readonly (() => void)[];
  #annotation: { view: LabelView; dispose: () => void } | undefined;
  #draft: { view: LabelView; look: DraftLook; dispose: () => void } | undefined;
  #layer: LayerStore | undefined;
  /** What is shown instead of the layer as it is. */
  #past: LabelReader | undefined;

  constructor({ model, surface, getView, isBlind }: LayerParts) {
    this.#model = model;
    this.#surface = surface;
    this.#getView = getView;
    this.#isBlind = isBlind;
    this.#selection = new SelectionMark(() => surface.request());
    surface.add(this.#selection);
    this.#disposers = this.#follow();
  }

  /** Show the labels of a plane instead of those before. */
  showAnnotation(layer: LayerStore): void {
    this.#layer = layer;
    this.#showLabels(layer);
  }

  /** Show what was, without any draft; undefined shows the layer as it is again. */
  showPast(past: LabelReader | undefined): void {
    this.#past = past;
    const reader = past ?? this.#layer;
    if (reader) this.#showLabels(reader);
    this.#surface.request();
  }

  /** What the annotation's labels on screen are read from. */
  get shownLabels(): LabelReader | undefined {
    return this.#annotation?.view.reader;
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
    const remove = this.#surface.addBelow(view);
    this.#annotation = {
      view,
      dispose() {
        remove();
        view.destroy();
      },
    };
  }

  #viewOf(reader: LabelReader, colouring: Colouring, opacity: number): LabelView {
    const view = new LabelView(reader, colouring, () => this.#surface.request());
    view.setOpacity(opacity);
    view.setShown(this.#showsLabels());
    view.colourNow(this.#getView());
    return view;
  }

  /** Replace the draft on screen. */
  showDraft(draft: DraftStore, look: DraftLook): void {
    this.hideDraft();
    const colouring = draftColouring(this.#model, draft, look);
    const view = this.#viewOf(draft, colouring, this.#model.draftOpacity.value);
    // Asked for every frame, so that no frame shows a draft where labels are drawn blind.
    const remove = this.#surface.addBelow({
      draw: (frame) => (this.#past || this.#isBlind(frame.view) ? false : view.draw(frame)),
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
    return this.#surface.addBelow(drawable);
  }

  request(): void {
    this.#surface.request();
  }

  /** Draw instances of the draft anew; null for all. */
  refreshDraft(ids: readonly number[] | null): void {
    this.#draft?.view.refresh(ids);
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

  destroy(): void {
    for (const dispose of this.#disposers) dispose();
    this.hideDraft();
    this.#annotation?.dispose();
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
  #follow(): (() => void)[] {
    const model = this.#model;
    return [
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
    ];
  }
}
