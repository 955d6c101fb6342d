/** Where a person looks: said in the page's address, copied as a link, and gone back to. */
import { effect } from "@preact/signals";
import type { PlaceJson } from "../../api/views";
import { toImage } from "../../geometry/affine";
import { imagePoint, screenPoint } from "../../geometry/points";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import { placeIn, searchOfPlace } from "./place";
import type { PlaneDesk } from "./plane_desk";
import { searchWith } from "./planes";
import type { Scene } from "./scene";

/** The address follows when the view has been at rest for so long; browsers limit how often. */
const REST_MS = 500;

export interface PlaceParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly planes: PlaneDesk;
  readonly drafts: DraftDesk;
}

export class PlaceDesk {
  readonly #parts: PlaceParts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposers: (() => void)[] = [];
  #isFollowing = false;

  constructor(parts: PlaceParts) {
    this.#parts = parts;
  }

  /** What is shown now. */
  here(): PlaceJson {
    const { model, scene } = this.#parts;
    const view = scene.stage.view();
    const { x, y } = toImage(view.toImage, screenPoint(view.width / 2, view.height / 2));
    const { t, z } = model.plane.value;
    return {
      ...{ x, y, scale: view.scale, t, z },
      is_projected: model.isProjected.value,
      selected: model.selected.value,
      draft: model.draftId.value ?? "",
    };
  }

  /** The address that reopens what is shown now. */
  link(): string {
    const search = searchOfPlace(this.#searchOfPlane(), this.here());
    return `${location.origin}${location.pathname}${search}`;
  }

  /** Without what belongs to the way here, such as a region to go to. */
  #searchOfPlane(): string {
    const { model } = this.#parts;
    return searchWith("", model.plane.value, model.stackSize.value);
  }

  async copyLink(): Promise<void> {
    const { model } = this.#parts;
    this.#tellAddress();
    try {
      await navigator.clipboard.writeText(this.link());
      notify(model, texts.places.linkCopied);
    } catch {
      // Sites without TLS may not write to the clipboard.
      notify(model, texts.places.linkInAddressBar);
    }
  }

  /** Show a view again; what is gone of it is told, and the rest shown. */
  async go(place: PlaceJson): Promise<void> {
    const { model, planes, scene } = this.#parts;
    const { t = 0, z = 0, is_projected: isProjected = false } = place;
    if (model.isProjected.value !== isProjected) await planes.project(isProjected);
    await planes.go({ t, z });
    const view = scene.stage.view();
    const middle = screenPoint(view.width / 2, view.height / 2);
    scene.stage.place(imagePoint(place.x, place.y), middle, place.scale);
    scene.stage.settle();
    await this.#showDraft(place.draft ?? "");
    this.#select(place.selected ?? 0);
  }

  async #showDraft(id: string): Promise<void> {
    const { model, drafts } = this.#parts;
    if (!id || id === model.draftId.value) return;
    if (model.drafts.value.some((draft) => draft.id === id)) await drafts.choose(id);
    else notify(model, texts.places.draftIsGone);
  }

  #select(id: number): void {
    const { model, layer } = this.#parts;
    if (id === 0) return;
    if ((layer.instances.get(id)?.areaPx ?? 0) > 0) model.selected.value = id;
    else notify(model, texts.places.objectIsGone(id));
  }

  /** Go where the page's address says, and keep the address at what is shown from then on. */
  async begin(search: string): Promise<void> {
    const place = placeIn(search);
    if (place) await this.go(place);
    const { model, scene } = this.#parts;
    this.#isFollowing = true;
    this.#disposers = [
      scene.stage.onDrawn(() => this.#changed()),
      effect(() => {
        void model.selected.value;
        void model.draftId.value;
        void model.isProjected.value;
        this.#changed();
      }),
    ];
  }

  #changed(): void {
    if (!this.#isFollowing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tellAddress(), REST_MS);
  }

  #tellAddress(): void {
    clearTimeout(this.#timer);
    // In the place of the old one: Back leads out of the editor, not through every move.
    const search = searchOfPlace(location.search, this.here());
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isFollowing = false;
    for (const dispose of this.#disposers) dispose();
  }
}
