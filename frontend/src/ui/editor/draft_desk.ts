/** The drafts of an image: which there are, which one is open, and what of it is shown. */
import type { ImageApi } from "../../api/images";
import type { RestLayerApi } from "../../api/layers";
import type { LayerJson, PredictionJson } from "../../api/types";
import { FinishedWork } from "../../store/finished_work";
import type { DraftStore, LayerStore } from "../../store/types";
import * as texts from "../../texts";
import type { DraftInfo, EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

export interface DraftDeskParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly layers: RestLayerApi;
  readonly images: ImageApi;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class DraftDesk {
  readonly #parts: DraftDeskParts;
  #rows: LayerJson[] = [];
  #draft: DraftStore | undefined;
  #finished: FinishedWork | undefined;
  /** Came while drafts were hidden. */
  #arrivedUnseen: string | undefined;
  #disposers: (() => void)[] = [];
  /** Counts the openings, so that a slow one cannot replace a later choice. */
  #opening = 0;

  constructor(parts: DraftDeskParts) {
    this.#parts = parts;
  }

  /** The prediction that a draft was stored by, if any. */
  async predictionOf(layerId: string): Promise<PredictionJson | undefined> {
    const rows = await this.#parts.images.predictions(this.#parts.model.image.value?.id ?? "");
    return rows.find((row) => row.layer === layerId);
  }

  /** The one that is open. */
  get draft(): DraftStore | undefined {
    return this.#draft;
  }

  setRows(rows: readonly LayerJson[]): void {
    this.#rows = rows.filter((row) => row.kind === "prediction");
    this.#parts.model.drafts.value = this.#rows.map(draftInfo);
  }

  /** Show the newest draft that still has something to decide. */
  async chooseFirst(): Promise<void> {
    const { model } = this.#parts;
    const open = model.drafts.value.find((draft) => draft.nProposed > 0);
    if (open) await this.choose(open.id);
  }

  async choose(id: string | undefined): Promise<void> {
    const { model, layer } = this.#parts;
    const opening = ++this.#opening;
    this.close();
    model.draftId.value = id;
    const row = this.#rows.find((one) => one.id === id);
    if (!row) return;
    const draft = await this.#parts.attempt(() => layer.openDraft(row.id));
    if (opening !== this.#opening) {
      // Chosen again meanwhile: that choice gets the same draft.
      if (model.draftId.value !== id) draft?.close();
      return;
    }
    if (draft) this.#attach(draft);
    else model.draftId.value = undefined;
  }

  /** Another plane is shown: go on with the same draft there. */
  moveTo(draft: DraftStore | undefined): void {
    const { model } = this.#parts;
    if (draft?.info.id !== model.draftId.value) {
      // Chosen anew while the plane was fetched.
      void this.choose(model.draftId.value);
      return;
    }
    this.#opening++;
    const selected = model.selectedDraft.value;
    this.close();
    if (draft) this.#attach(draft);
    model.selectedDraft.value = selected && this.shows(selected) ? selected : 0;
  }

  #attach(draft: DraftStore): void {
    const { model, scene, layer } = this.#parts;
    const finished = new FinishedWork(draft, layer);
    this.#draft = draft;
    this.#finished = finished;
    this.followRegions();
    scene.layers.showDraft(draft, {
      isHidden: (one) => !this.shows(one),
      isFaded: (one) => finished.isFinished(one),
    });
    this.#disposers = [
      () => finished.close(),
      draft.onInstances(() => this.#count()),
      finished.onChange((ids) => {
        scene.layers.refreshDraft(ids);
        this.#count();
      }),
      draft.onTrouble((sentence) => notify(model, sentence, { tone: "problem" })),
    ];
    this.#count();
  }

  /** Ask the server which drafts exist; tell of a new one without taking the view away. */
  async arrived(layerId: string): Promise<void> {
    const { model, layers } = this.#parts;
    const known = new Set(this.#rows.map((row) => row.id));
    const rows = await layers.ofImage(model.image.value?.id ?? "");
    this.setRows(rows);
    const row = this.#rows.find((one) => one.id === layerId) ?? this.#rows[0];
    if (!row || known.has(row.id)) return;
    if (model.isBlind.value) {
      this.#arrivedUnseen = row.id;
      return;
    }
    const text = texts.drafts.review.newDraft(row.name, row.n_instances ?? 0);
    const hasWork = this.#draft && model.draftCounts.value.left > 0;
    if (!hasWork) {
      await this.choose(row.id);
      notify(model, text);
      return;
    }
    notify(model, text, {
      tone: "news",
      actions: [{ label: texts.drafts.review.showIt, run: () => void this.choose(row.id) }],
    });
  }

  /** No draft may be seen while an open blind region is in view, nor its selection. */
  followBlindness(isBlind: boolean): void {
    const { model } = this.#parts;
    if (isBlind) {
      model.selectedDraft.value = 0;
    } else if (this.#arrivedUnseen) {
      const arrived = this.#arrivedUnseen;
      this.#arrivedUnseen = undefined;
      if (!this.#draft || model.draftCounts.value.left === 0) void this.choose(arrived);
    }
  }

  /** Regions were opened, submitted or reopened. */
  followRegions(): void {
    const regions = this.#parts.model.regions.value;
    this.#finished?.setRegions({
      submitted: regions.filter((region) => region.state === "submitted"),
      blind: regions.filter((region) => region.purpose === "blind_validation"),
    });
  }

  /** Show or hide what lies over finished work. */
  showFinished(isOn: boolean): void {
    this.#parts.model.showsFinished.value = isOn;
    this.#parts.scene.layers.refreshDraft(null);
    this.#count();
  }

  /** Whether an instance of the draft is drawn, and can be clicked. */
  shows(id: number): boolean {
    const { model } = this.#parts;
    if (model.isBlind.value || this.#draft?.instances.stateOf(id) !== "proposed") return false;
    return model.showsFinished.value || !this.#finished?.isFinished(id);
  }

  /** It may reach into a blind region: nobody is led to it. */
  isBlindObject(id: number): boolean {
    return this.#finished?.isBlind(id) ?? false;
  }

  /** Its objects that still wait for a person, most doubtful first. */
  undecided(): number[] {
    return this.#finished?.open() ?? [];
  }

  /** Load what is needed to know whether somebody has worked where an object lies. */
  async isFinished(id: number): Promise<boolean> {
    return (await this.#finished?.look(id)) ?? false;
  }

  #count(): void {
    const { model } = this.#parts;
    const draft = this.#draft;
    if (!draft) return;
    const open = this.undecided();
    const nFinished = draft.instances.countIn("proposed") - open.length;
    model.draftCounts.value = { total: draft.instances.count, left: open.length, nFinished };
    const { selectedDraft } = model;
    if (selectedDraft.value && !this.shows(selectedDraft.value)) selectedDraft.value = 0;
  }

  close(): void {
    const { model, scene } = this.#parts;
    for (const dispose of this.#disposers) dispose();
    this.#disposers = [];
    scene.layers.hideDraft();
    this.#draft?.close();
    this.#draft = undefined;
    model.selectedDraft.value = 0;
    this.#finished = undefined;
    model.draftCounts.value = { total: 0, left: 0, nFinished: 0 };
  }
}

function draftInfo(row: LayerJson): DraftInfo {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    nInstances: row.n_instances ?? 0,
    nProposed: row.n_proposed ?? 0,
  };
}
