/** The way through a draft: what is next, what was decided. */

import type { InstanceRow } from "../../labels/instance_rows";
import { inOrder, isMeant, type ReviewFilter } from "../../labels/review_order";
import { meets, type PlaneRef } from "../../labels/spans";
import type { Preserve } from "../../store/edit_types";
import type { DraftStore, LayerStore } from "../../store/types";
import * as texts from "../../texts";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

export interface ReviewParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly drafts: DraftDesk;
  /** Show another plane of a stack. */
  readonly goTo: (plane: PlaneRef) => Promise<void>;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class Review {
  readonly #parts: ReviewParts;

  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  get #draft(): DraftStore | undefined {
    return this.#parts.drafts.draft;
  }

  step(direction: 1 | -1): void {
    const { model } = this.#parts;
    const problem = this.#stepProblem();
    if (problem) {
      notify(model, problem);
      return;
    }
    const order = this.#ordered();
    const at = order.indexOf(model.selectedDraft.value);
    const next = order[at < 0 ? 0 : (at + direction + order.length) % order.length];
    const row = next === undefined ? undefined : this.#draft?.instances.get(next);
    if (!row) {
      notify(model, texts.drafts.review.nothingLeft);
      return;
    }
    void this.#stepTo(row).then(
      (isFinished) => {
        if (isFinished && model.selectedDraft.value === row.id) this.step(direction);
      },
      () => undefined, // what cannot be loaded is told by the store
    );
  }

  /** Show it and say what it is; far away it was only a guess that nobody has worked there yet. */
  async #stepTo(row: InstanceRow): Promise<boolean> {
    const { model, drafts } = this.#parts;
    await this.#show(row);
    model.spoken.value = texts.drafts.review.object(row.id, texts.doubtText(row));
    return drafts.isFinished(row.id);
  }

  #stepProblem(): string | undefined {
    if (!this.#draft) return texts.drafts.review.noDraft;
    return this.#parts.model.isBlind.value ? texts.drafts.review.hiddenWhileBlind : undefined;
  }

  accept(): void {
    this.#decide(texts.drafts.review.accepted, (draft, id) =>
      this.#parts.layer.acceptDraft(draft, id, "pixels"),
    );
  }

  reject(): void {
    this.#decide(texts.drafts.review.rejected, async (draft, id) => {
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
      notify(model, texts.drafts.review.takenOver(taken));
    });
  }

  /** Objects still to decide that a filter means. */
  meant(filter: ReviewFilter): number[] {
    return this.#parts.drafts.undecided().filter((id) => {
      const row = this.#draft?.instances.get(id);
      return row !== undefined && isMeant(row, filter);
    });
  }

  acceptMany(filter: ReviewFilter, preserve: Preserve): void {
    const { model, layer, attempt } = this.#parts;
    const draft = this.#draft;
    if (!draft) return;
    const ids = this.meant(filter);
    void attempt(async () => {
      const n = await layer.acceptMany(draft, ids, preserve);
      notify(model, texts.drafts.review.acceptedMany(n, ids.length - n));
    });
  }

  #decide(word: string, act: (draft: DraftStore, id: number) => Promise<unknown>): void {
    const { model, drafts, attempt } = this.#parts;
    const draft = this.#draft;
    const id = model.selectedDraft.value;
    if (!draft || id === 0) {
      notify(model, texts.drafts.review.chooseFirst);
      return;
    }
    const order = this.#ordered();
    const at = order.indexOf(id);
    void attempt(async () => {
      await act(draft, id);
      const nLeft = drafts.undecided().length;
      model.spoken.value = texts.drafts.review.decided(id, word, nLeft);
      // On to the one that came after it.
      const following = order.slice(at + 1).find((other) => other !== id);
      const next = following ?? order.find((other) => other !== id);
      const row = next === undefined ? undefined : draft.instances.get(next);
      if (row) await this.#show(row);
      else model.selectedDraft.value = 0;
    });
  }

  /** Objects still to decide, in the order that the person chose. */
  #ordered(): number[] {
    const { model, drafts } = this.#parts;
    const { instances } = this.#draft ?? {};
    return instances ? inOrder(drafts.undecided(), instances, model.reviewOrder.value) : [];
  }

  async #show(row: InstanceRow): Promise<void> {
    const { model, scene, goTo } = this.#parts;
    const select = () => {
      model.selected.value = 0;
      model.selectedDraft.value = row.id;
      scene.stage.reveal(row.box);
    };
    if (!meets(row, { ...model.plane.value, depth: 1 })) {
      await goTo({ t: row.t, z: row.z + Math.floor((row.depth - 1) / 2) });
    }
    select();
  }
}
