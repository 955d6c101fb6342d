/** The way through a draft: which one is shown, what is next, what was decided. */
import type { ImageApi } from "../../api/images";
import type { RestLayerApi } from "../../api/layers";
import type { LayerJson } from "../../api/types";
import type { DraftStore, LayerStore, Preserve } from "../../store/types";
import { type DraftInfo, type EditorModel, notify } from "./model";
import { plural } from "./parts";
import type { Scene } from "./scene";

export interface ReviewParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly layers: RestLayerApi;
  readonly images: ImageApi;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class Review {
  readonly #parts: ReviewParts;
  #rows: LayerJson[] = [];
  #draft: DraftStore | undefined;
  #disposers: (() => void)[] = [];
  /** Counts the openings, so that a slow one cannot replace a later choice. */
  #opening = 0;

  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  /** The draft on screen; none while a blind region is open. */
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
    if (open && !model.isBlind.value) await this.choose(open.id);
  }

  async choose(id: string | undefined): Promise<void> {
    const { model, scene, layer } = this.#parts;
    const opening = ++this.#opening;
    this.#close();
    model.draftId.value = id;
    const row = this.#rows.find((one) => one.id === id);
    if (!row) return;
    const draft = await this.#parts.attempt(() => layer.openDraft(row.id));
    if (!draft) {
      model.draftId.value = undefined;
      return;
    }
    if (opening !== this.#opening) {
      draft.close();
      return;
    }
    this.#draft = draft;
    scene.showDraft(draft);
    this.#disposers = [
      draft.onInstances(() => this.#count()),
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
    if (!row || known.has(row.id) || model.isBlind.value) return;
    const text = `A new draft is here: ${row.name}, ${plural(row.n_instances ?? 0, "object")}.`;
    const hasWork = this.#draft && model.draftCounts.value.left > 0;
    if (!hasWork) {
      await this.choose(row.id);
      notify(model, text);
      return;
    }
    notify(model, text, {
      tone: "news",
      action: { label: "Show it", run: () => void this.choose(row.id) },
    });
  }

  /** Hide drafts when a blind region opens, and show them again when it is done. */
  async followBlindness(isBlind: boolean): Promise<void> {
    if (isBlind) await this.choose(undefined);
    else if (!this.#draft) await this.chooseFirst();
  }

  step(direction: 1 | -1): void {
    const { model, scene } = this.#parts;
    const draft = this.#draft;
    if (!draft) {
      notify(model, "There is no draft to review.");
      return;
    }
    const order = draft.instances.byDoubt("proposed");
    if (order.length === 0) {
      notify(model, "Every object of this draft has been decided.");
      return;
    }
    const at = order.indexOf(model.selectedDraft.value);
    const next = order[at < 0 ? 0 : (at + direction + order.length) % order.length] ?? 0;
    this.#select(next);
    const row = draft.instances.get(next);
    if (row) scene.stage.reveal(row.box);
    const score = row?.score;
    model.spoken.value = `Draft object ${next}${
      typeof score === "number" ? `, score ${score.toFixed(2)}` : ""
    }`;
  }

  accept(): void {
    this.#decide("accepted", (draft, id) => this.#parts.layer.acceptDraft(draft, id, "pixels"));
  }

  reject(): void {
    this.#decide("rejected", async (draft, id) => {
      draft.reject([id]);
    });
  }

  /** Copy into the annotation and leave it selected, ready for the brush. */
  edit(): void {
    const { model, layer, attempt } = this.#parts;
    const draft = this.#draft;
    const id = model.selectedDraft.value;
    if (!draft || id === 0) return;
    void attempt(async () => {
      const taken = await layer.editDraft(draft, id);
      model.selectedDraft.value = 0;
      model.selected.value = taken;
      model.tool.value = "brush";
      notify(model, `Object ${taken} is yours now. Correct it with the brush or the eraser.`);
    });
  }

  acceptAbove(score: number, preserve: Preserve): void {
    const { model, layer, attempt } = this.#parts;
    const draft = this.#draft;
    if (!draft) return;
    const ids = draft.instances.byDoubt("proposed").filter((id) => {
      const own = draft.instances.get(id)?.score;
      return own === null || own === undefined || own >= score;
    });
    void attempt(async () => {
      const n = await layer.acceptMany(draft, ids, preserve);
      const skipped = ids.length - n;
      const rest = skipped > 0 ? ` ${plural(skipped, "object")} skipped.` : "";
      notify(model, `Accepted ${plural(n, "object")}.${rest}`);
    });
  }

  close(): void {
    this.#close();
  }

  #decide(word: string, act: (draft: DraftStore, id: number) => Promise<unknown>): void {
    const { model, attempt } = this.#parts;
    const draft = this.#draft;
    const id = model.selectedDraft.value;
    if (!draft || id === 0) {
      notify(model, "Choose a draft object first: click one, or press . for the next doubtful.");
      return;
    }
    const order = draft.instances.byDoubt("proposed");
    const at = order.indexOf(id);
    void attempt(async () => {
      await act(draft, id);
      const left = draft.instances.countIn("proposed");
      model.spoken.value = `Object ${id} ${word}, ${left} left`;
      // On to the one that came after it.
      const following = order.slice(at + 1).find((other) => other !== id);
      const next = following ?? order.find((other) => other !== id) ?? 0;
      this.#select(next);
      const row = draft.instances.get(next);
      if (row) this.#parts.scene.stage.reveal(row.box);
    });
  }

  #select(id: number): void {
    const { model } = this.#parts;
    model.selected.value = 0;
    model.selectedDraft.value = id;
  }

  #count(): void {
    const { model } = this.#parts;
    const draft = this.#draft;
    if (!draft) return;
    const left = draft.instances.countIn("proposed");
    model.draftCounts.value = { total: draft.instances.count, left };
    const proposed = Array.from(draft.instances.byDoubt("proposed"));
    model.proposedScores.value = proposed.map((id) => draft.instances.get(id)?.score ?? 1);
    const { selectedDraft } = model;
    if (selectedDraft.value && draft.instances.stateOf(selectedDraft.value) !== "proposed") {
      selectedDraft.value = 0;
    }
  }

  #close(): void {
    const { model, scene } = this.#parts;
    for (const dispose of this.#disposers) dispose();
    this.#disposers = [];
    scene.showDraft(undefined);
    this.#draft?.close();
    this.#draft = undefined;
    model.selectedDraft.value = 0;
    model.draftCounts.value = { total: 0, left: 0 };
    model.proposedScores.value = [];
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
