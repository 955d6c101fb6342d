/** One open image: stores, scene and desks put together, and kept in step with the model. */
import { effect, untracked } from "@preact/signals";
import type { ClassApi } from "../../api/classes";
import { ApiError } from "../../api/client";
import type { ImageApi } from "../../api/images";
import type { RestLayerApi } from "../../api/layers";
import type { StackStore } from "../../store/stack";
import type { PlaneRef } from "../../store/types";
import type { EditorActions } from "./actions";
import { ClassDesk } from "./class_desk";
import { ConflictDesk } from "./conflict_desk";
import { ContrastDesk } from "./contrast_desk";
import { startEffortMeter } from "./effort_meter";
import { bindKeys } from "./keys";
import { LoginDesk } from "./login_desk";
import { dismiss, type EditorModel, notify } from "./model";
import { PaintDesk } from "./paint_desk";
import { PeopleDesk } from "./people_desk";
import { PlaneDesk } from "./plane_desk";
import { RegionDesk } from "./region_desk";
import { Review } from "./review";
import { SaveWatch } from "./save_watch";
import type { Scene } from "./scene";
import { SuggestionDesk } from "./suggestion_desk";
import { ViewDesk } from "./view_desk";

export interface SessionParts {
  readonly model: EditorModel;
  readonly element: HTMLElement;
  readonly images: ImageApi;
  readonly layers: RestLayerApi;
  readonly classes: ClassApi;
  /** Who has opened the page, by number. */
  readonly user: string;
  readonly projectUrl: string;
  readonly navigate: (url: string) => void;
}

export class EditorSession implements EditorActions {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly review: Review;
  readonly desk: RegionDesk;
  readonly contrast: ContrastDesk;
  readonly view: ViewDesk;
  readonly paint: PaintDesk;
  readonly planes: PlaneDesk;
  readonly classes: ClassDesk;
  readonly conflicts: ConflictDesk;
  readonly guide: SuggestionDesk;
  readonly login: LoginDesk;
  readonly people: PeopleDesk;
  readonly #disposers: (() => void)[] = [];

  constructor(parts: SessionParts, scene: Scene, layer: StackStore) {
    const { model, images, layers } = parts;
    this.model = model;
    this.scene = scene;
    this.layer = layer;
    const attempt = <T>(edit: () => Promise<T>) => this.attempt(edit);
    const goTo = (plane: PlaneRef) => this.planes.go(plane);
    const shared = { model, scene, layer, images, attempt, goTo };
    this.review = new Review({ ...shared, layers });
    this.desk = new RegionDesk({
      ...shared,
      onSubmitted: (region, text) => this.guide.submitted(region, text),
    });
    this.guide = new SuggestionDesk({ ...parts, desk: this.desk, attempt });
    this.contrast = new ContrastDesk(model, scene);
    this.classes = new ClassDesk({ ...shared, review: this.review, classes: parts.classes });
    this.view = new ViewDesk(model, scene);
    this.paint = new PaintDesk({
      ...shared,
      review: this.review,
      desk: this.desk,
      view: this.view,
      turnPlane: (by, isTime) => (isTime ? this.planes.stepTime(by) : this.planes.step(by)),
    });
    const { review, paint } = this;
    this.planes = new PlaneDesk({ ...shared, stack: layer, review, input: paint.input });
    this.login = new LoginDesk(model, layer);
    this.conflicts = new ConflictDesk(shared);
    this.people = new PeopleDesk({ ...shared, api: layers, user: Number(parts.user) });
    scene.showAnnotation(layer.plane);
    this.#disposers.push(bindKeys(this, parts.element), ...this.#listen(), ...this.#follow());
    if (model.mayAnnotate.value) {
      this.#disposers.push(startEffortMeter(images, layer.info.imageId));
    }
    this.#factsChanged();
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
    this.planes.close();
    this.paint.close();
    this.conflicts.close();
    this.people.close();
    this.login.close();
    this.review.close();
    this.scene.destroy();
    this.layer.close();
  }

  /** Run an edit; what it refuses is told as the sentence it carries. */
  async attempt<T>(edit: () => Promise<T>): Promise<T | undefined> {
    try {
      return await edit();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.login.needed();
      const text = error instanceof Error ? error.message : String(error);
      notify(this.model, text, { tone: "problem" });
      // Refusals carry a sentence and a code; anything else is a fault worth a trace.
      if (!(error instanceof Error && "code" in error)) console.error(error);
      return undefined;
    }
  }

  retrySaving(): void {
    this.login.saveMark();
  }

  dismiss(notice: number): void {
    dismiss(this.model, notice);
  }

  /** What the stores tell. */
  #listen(): (() => void)[] {
    const { model, layer } = this;
    const watch = new SaveWatch(model);
    return [
      layer.saveState.subscribe((state) => {
        model.save.value = state;
        watch.follow(state);
        this.login.follow(state.state);
      }),
      layer.history.subscribe((state) => {
        model.history.value = state;
      }),
      layer.onInstances(() => this.#factsChanged()),
      layer.onTrouble((text) => notify(model, text, { tone: "problem" })),
    ];
  }

  /** What a person chooses. */
  #follow(): (() => void)[] {
    const { model } = this;
    return [
      effect(() => {
        void model.selected.value;
        void model.selectedDraft.value;
        void model.draftCounts.value;
        untracked(() => this.#factsChanged());
        this.scene.markSelected(this.review.draft);
      }),
      effect(() => {
        void model.tool.value;
        void model.radius.value;
        untracked(() => this.view.showCursor());
      }),
      effect(() => {
        const isBlind = model.isBlind.value;
        untracked(() => this.review.followBlindness(isBlind));
      }),
      effect(() => {
        void model.regions.value;
        untracked(() => this.review.followRegions());
      }),
    ];
  }

  #factsChanged(): void {
    const { model, layer, review } = this;
    model.nObjects.value = layer.instances.count;
    model.classCounts.value = layer.instances.classCount();
    const row = layer.instances.get(model.selected.value);
    model.facts.value = row && row.areaPx > 0 ? { ...row } : undefined;
    const draft = review.draft?.instances.get(model.selectedDraft.value);
    model.draftFacts.value = draft && { ...draft };
  }
}
