/** The list of all objects of a layer: which of them it has, in which order, and the way to one. */
import { effect, signal, untracked } from "@preact/signals";
import { boxAt, type InstanceSnapshot, rowOf, spanAt } from "../../labels/instance_snapshot";
import {
  EVERYTHING,
  inOrder,
  type Limits,
  matching,
  type ObjectFilter,
  type Order,
} from "../../labels/object_list";
import type { PlaneRef } from "../../labels/spans";
import type { LayerStore } from "../../store/types";
import type { Among } from "./chosen";
import type { ChosenDesk } from "./chosen_desk";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { nearest } from "./planes";
import type { Scene } from "./scene";

export interface ListParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly drafts: DraftDesk;
  readonly many: ChosenDesk;
  readonly goTo: (plane: PlaneRef) => Promise<void>;
}

/** What the person asks for; areas in square micrometres where the pixel size is known. */
export interface ListFilter {
  readonly area: Limits;
  readonly score: Limits;
  readonly className: string | null;
  readonly state: ObjectFilter["state"];
  readonly isInView: boolean;
}

export const NO_FILTER: ListFilter = {
  ...{ area: EVERYTHING.areaPx, score: EVERYTHING.score },
  ...{ className: null, state: null, isInView: false },
};

export interface Listed {
  readonly among: Among;
  readonly rows: InstanceSnapshot;
  /** Rows of the snapshot, in the order of the list. */
  readonly order: Uint32Array;
  /** Of all objects, whatever the filter says. */
  readonly hasScores: boolean;
  readonly hasDoubts: boolean;
}

/** Strokes and moves of the view come many at a time. */
const CALM_MS = 150;

export class ListDesk {
  readonly isOpen = signal(false);
  readonly filter = signal(NO_FILTER);
  readonly order = signal<Order>({ by: "id", isDescending: false });
  readonly listed = signal<Listed | undefined>(undefined);
  /** The object that the keys stand on. */
  readonly active = signal(0);
  readonly #parts: ListParts;
  readonly #disposers: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ListParts) {
    const { model, layer, scene } = parts;
    this.#parts = parts;
    this.#disposers = [
      effect(() => {
        void [this.filter.value, this.order.value, model.among.value, model.isBlind.value];
        void [model.draftCounts.value, model.regions.value, model.plane.value];
        if (this.isOpen.value) untracked(() => this.refresh());
      }),
      effect(() => {
        const selected = model.selected.value || model.selectedDraft.value;
        if (selected) this.active.value = selected;
      }),
      layer.onInstances(() => this.#refreshLater()),
      scene.stage.onDrawn(() => {
        if (this.filter.peek().isInView) this.#refreshLater();
      }),
    ];
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const dispose of this.#disposers) dispose();
  }

  #refreshLater(): void {
    if (!this.isOpen.peek() || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.refresh(), CALM_MS);
  }

  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { many } = this.#parts;
    const { among } = many;
    const rows = many.readerOf(among)?.instances.snapshot();
    if (!rows || !this.isOpen.value) return;
    const found = matching(rows, this.#wanted(), this.#hidden(among));
    const isNumber = (value: number) => !Number.isNaN(value);
    this.listed.value = {
      ...{ among, rows, order: inOrder(rows, found, this.order.value) },
      hasScores: rows.score.some(isNumber),
      hasDoubts: rows.doubt.some(isNumber),
    };
  }

  #wanted(): ObjectFilter {
    const { model, scene } = this.#parts;
    const { area, score, className, state, isInView } = this.filter.value;
    const size = model.image.value?.pixelSizeUm;
    const pixels = (value: number | null) =>
      value === null || !size ? value : value / (size * size);
    return {
      ...{ score, className, state },
      areaPx: { least: pixels(area.least), most: pixels(area.most) },
      view: isInView
        ? { box: scene.stage.view().visible, planes: { ...model.plane.value, depth: 1 } }
        : null,
    };
  }

  /** Where labels are drawn blind nobody is led to a draft. */
  #hidden(among: Among): ((id: number) => boolean) | undefined {
    const { model, drafts } = this.#parts;
    const hasBlind = model.regions.value.some((one) => one.purpose === "blind_validation");
    return among === "draft" && hasBlind ? (id) => drafts.isBlindObject(id) : undefined;
  }

  /** Sort by a column; by the same again the other way round. */
  sortBy(by: Order["by"]): void {
    const { order } = this;
    const isAgain = order.value.by === by;
    order.value = { by, isDescending: isAgain && !order.value.isDescending };
  }

  setFilter(change: Partial<ListFilter>): void {
    this.filter.value = { ...this.filter.value, ...change };
  }

  // ------------------------------------------------------------ single objects

  idAt(place: number): number {
    const listed = this.listed.value;
    return listed?.rows.id[listed.order[place] as number] ?? 0;
  }

  /** Place in the list of an object; -1 when it is not in it. */
  placeOf(id: number): number {
    const listed = this.listed.value;
    const row = listed ? rowOf(listed.rows, id) : -1;
    return row < 0 ? -1 : (listed?.order.indexOf(row) ?? -1);
  }

  /** Select the object at a place of the list and bring it into view. */
  select(place: number): void {
    const { model, drafts } = this.#parts;
    const id = this.idAt(place);
    if (!id) return;
    this.active.value = id;
    const isDraft = this.listed.value?.among === "draft";
    model.selected.value = isDraft ? 0 : id;
    // What is decided, or finished, is shown but not selected: there is nothing to decide.
    model.selectedDraft.value = isDraft && drafts.shows(id) ? id : 0;
    this.reveal(id);
  }

  reveal(id: number): void {
    const { model, scene, goTo } = this.#parts;
    const rows = this.listed.value?.rows;
    const row = rows ? rowOf(rows, id) : -1;
    if (!rows || row < 0) return;
    const plane = nearest(spanAt(rows, row), model.plane.value);
    void goTo(plane).then(() => scene.stage.reveal(boxAt(rows, row)));
  }

  toggle(id: number): void {
    const { among } = this.listed.value ?? {};
    if (among && id) this.#parts.many.toggleRow(among, id);
  }

  /** Everything that the filter leaves becomes the chosen set. */
  chooseMatching(): void {
    const { many, drafts } = this.#parts;
    const { listed } = this;
    this.refresh();
    const { among, rows, order } = listed.value ?? {};
    if (!among || !rows || !order) return;
    const ids = Array.from(order, (row) => rows.id[row] as number);
    many.choose(among, among === "draft" ? ids.filter((id) => drafts.shows(id)) : ids, "replace");
  }
}
