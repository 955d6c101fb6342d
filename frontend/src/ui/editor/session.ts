/** One open image: stores, scene and desks put together, and kept in step with the model. */
import { effect, untracked } from "@preact/signals";
import type { ClassApi } from "../../api/classes";
import { ApiError } from "../../api/client";
import type { HistoryApi } from "../../api/history";
import type { ImageApi } from "../../api/images";
import type { KeyApi } from "../../api/keys";
import type { RestLayerApi } from "../../api/layers";
import type { PixelApi } from "../../api/pixels";
import type { PromptApi } from "../../api/prompts";
import type { TourApi } from "../../api/tour";
import type { ViewApi } from "../../api/views";
import type { PlaneRef } from "../../labels/spans";
import type { StackStore } from "../../store/stack";
import type { EditorActions } from "./actions";
import { AuthorDesk } from "./authors";
import { BlameDesk } from "./blame_desk";
import { ChosenDesk } from "./chosen_desk";
import { ClassDesk } from "./class_desk";
import { CompareDesk } from "./compare_desk";
import { ConflictDesk } from "./conflict_desk";
import { ContrastDesk } from "./contrast_desk";
import { DraftDesk } from "./draft_desk";
import { startEffortMeter } from "./effort_meter";
import { HistoryList } from "./history_list";
import { KeyDesk } from "./key_desk";
import { bindKeys } from "./keys";
import { ListDesk } from "./list_desk";
import { LoginDesk } from "./login_desk";
import type { LookDesk } from "./look_desk";
import { MapDesk } from "./map_desk";
import type { EditorModel } from "./model";
import { dismiss, notify } from "./notices";
import { PaintDesk } from "./paint_desk";
import { PeopleDesk } from "./people_desk";
import { PlaneDesk } from "./plane_desk";
import { RegionDesk } from "./region_desk";
import { Review } from "./review";
import { SaveWatch } from "./save_watch";
import type { Scene } from "./scene";
import { SuggestionDesk } from "./suggestion_desk";
import { TimeTravel } from "./time_travel";
import { TourDesk, type TourKept } from "./tour_desk";
import { ViewDesk } from "./view_desk";
import { Viewing } from "./viewing";

export interface SessionParts {
  readonly model: EditorModel;
  readonly element: HTMLElement;
  readonly images: ImageApi;
  readonly layers: RestLayerApi;
  readonly classes: ClassApi;
  readonly history: HistoryApi;
  readonly views: ViewApi;
  readonly pixels: PixelApi;
  readonly prompts: PromptApi;
  readonly tour: { readonly api: TourApi; readonly kept: TourKept };
  readonly keys: KeyApi;
  /** Who has opened the page, by number. */
  readonly user: string;
  readonly projectUrl: string;
  readonly navigate: (url: string) => void;
}

export class EditorSession implements EditorActions {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly drafts: DraftDesk;
  readonly review: Review;
  readonly regions: RegionDesk;
  readonly contrast: ContrastDesk;
  readonly view: ViewDesk;
  readonly paint: PaintDesk;
  readonly planes: PlaneDesk;
  readonly classes: ClassDesk;
  readonly many: ChosenDesk;
  readonly list: ListDesk;
  readonly compare: CompareDesk;
  readonly conflicts: ConflictDesk;
  readonly suggestions: SuggestionDesk;
  readonly login: LoginDesk;
  readonly steps: HistoryList;
  readonly travel: TimeTravel;
  readonly blame: BlameDesk;
  readonly viewing: Viewing;
  readonly maps: MapDesk;
  readonly people: PeopleDesk;
  readonly tour: TourDesk;
  readonly keys: KeyDesk;
  readonly #disposers: (() => void)[] = [];

  constructor(parts: SessionParts & { look: LookDesk }, scene: Scene, layer: StackStore) {
    const { model, images, layers } = parts;
    this.model = model;
    this.scene = scene;
    this.layer = layer;
    const attempt = <T>(edit: () => Promise<T>) => this.attempt(edit);
    const goTo = (plane: PlaneRef) => this.planes.go(plane);
    const travel = () => this.travel;
    const shared = { model, scene, layer, images, attempt, goTo, travel };
    this.drafts = new DraftDesk({ ...shared, layers });
    const { drafts } = this;
    this.review = new Review({ ...shared, drafts });
    this.regions = new RegionDesk({
      ...shared,
      onSubmitted: (region, text) => this.suggestions.submitted(region, text),
    });
    this.suggestions = new SuggestionDesk({ ...parts, regions: this.regions, attempt });
    this.contrast = new ContrastDesk(model, scene, images, (channel) =>
      this.viewing.raw.measure(channel),
    );
    this.many = new ChosenDesk({ ...shared, drafts });
    const { many } = this;
    this.list = new ListDesk({ ...shared, many, drafts });
    this.classes = new ClassDesk({ ...shared, many, drafts, classes: parts.classes });
    this.view = new ViewDesk(model, scene);
    this.compare = new CompareDesk({ model, scene, layer, layers });
    this.paint = new PaintDesk({
      ...shared,
      many,
      compare: this.compare,
      drafts,
      regions: this.regions,
      view: this.view,
      promptApi: parts.prompts,
      turnPlane: (by, isTime) => (isTime ? this.planes.stepTime(by) : this.planes.step(by)),
    });
    const { paint } = this;
    this.planes = new PlaneDesk({ ...shared, stack: layer, drafts, input: paint.input });
    const { history } = parts;
    const view = () => ({ box: scene.stage.view().visible, plane: model.plane.value });
    this.steps = new HistoryList({ api: history, layer, view });
    const finishGesture = () => paint.input.finish();
    this.travel = new TimeTravel({
      ...{ model, scene, layer, layers, history, goTo, finishGesture, attempt },
      list: this.steps,
    });
    this.blame = new BlameDesk({ model, layer, history });
    this.login = new LoginDesk(model, layer);
    this.viewing = new Viewing({ ...parts, ...shared, planes: this.planes, drafts });
    this.maps = new MapDesk(model, scene, parts.prompts, drafts);
    this.conflicts = new ConflictDesk(shared);
    this.people = new PeopleDesk({ ...shared, api: layers, user: Number(parts.user) });
    this.tour = new TourDesk({ model, layer, stage: scene.stage, ...parts.tour });
    this.keys = new KeyDesk({ api: parts.keys, model, user: parts.user, attempt });
    scene.showAnnotation(layer.plane);
    const authors = new AuthorDesk({ model, layer, layers });
    this.#disposers.push(() => authors.close());
    this.#disposers.push(bindKeys(this, parts.element), ...this.#listen(), ...this.#follow());
    if (model.mayAnnotate.value) {
      this.#disposers.push(startEffortMeter(images, layer.info.imageId));
    }
    this.#factsChanged();
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
    this.viewing.close();
    this.maps.close();
    this.planes.close();
    this.compare.close();
    this.paint.close();
    this.many.close();
    this.list.close();
    this.conflicts.close();
    this.blame.close();
    this.steps.dispose();
    this.people.close();
    this.tour.close();
    this.keys.close();
    this.login.close();
    this.drafts.close();
    this.scene.destroy();
    this.layer.close();
  }

  /** Run an edit; what it refuses is told as the sentence it carries. */
  async attempt<T>(edit: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await edit();
      this.tour.edited(result);
      return result;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.login.needed();
      const text = error instanceof Error ? error.message : String(error);
      notify(this.model, text, { tone: "problem" });
      // Refusals carry a sentence and a code; anything else is a fault worth a trace.
      if (!(error instanceof Error && "code" in error)) console.error(error);
      return undefined;
    }
  }

  toggleHistory(instanceId?: number): void {
    const { steps, travel, model } = this;
    const isSeen = steps.isOpen.value && model.isPanelOpen.value;
    if (instanceId === undefined && isSeen) {
      travel.leave();
      steps.close();
      this.view.focusStage();
      return;
    }
    model.isPanelOpen.value = true;
    steps.open(instanceId === undefined ? {} : { instanceId });
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
      layer.longEdit.subscribe((edit) => {
        model.longEdit.value = edit;
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
        this.scene.layers.markSelected(this.drafts.draft);
      }),
      effect(() => {
        void model.draftCounts.value;
        void model.isBlind.value;
        untracked(() => this.many.draftChanged());
      }),
      effect(() => {
        void model.tool.value;
        void model.radius.value;
        untracked(() => this.view.showCursor());
      }),
      effect(() => {
        const isBlind = model.isBlind.value;
        untracked(() => this.drafts.followBlindness(isBlind));
      }),
      effect(() => {
        void model.regions.value;
        untracked(() => this.drafts.followRegions());
      }),
    ];
  }

  #factsChanged(): void {
    const { model, layer, drafts } = this;
    model.nObjects.value = layer.instances.count;
    model.classCounts.value = layer.instances.classCount();
    const row = layer.instances.get(model.selected.value);
    model.facts.value = row && row.areaPx > 0 ? { ...row } : undefined;
    const draft = drafts.draft?.instances.get(model.selectedDraft.value);
    model.draftFacts.value = draft && { ...draft };
  }
}
