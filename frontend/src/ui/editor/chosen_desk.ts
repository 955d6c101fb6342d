/** Many objects at once: which are chosen, and what is done to all of them. */
import type { ImagePoint } from "../../geometry/points";
import { boxEnclosure, type Enclosure, INSIDE_FROM } from "../../labels/inside";
import type { ManyReport } from "../../store/edit_types";
import type { DraftStore, LabelReader, LayerStore } from "../../store/types";
import * as texts from "../../texts";
import { type Among, type ChooseHow, chosenAfter, chosenWith, NONE_CHOSEN } from "./chosen";
import { classWord } from "./class_words";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

export interface ChosenParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly drafts: DraftDesk;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

const TOLD_FROM = 500;

export class ChosenDesk {
  readonly #parts: ChosenParts;
  readonly #dispose: () => void;

  constructor(parts: ChosenParts) {
    this.#parts = parts;
    this.#dispose = parts.layer.onInstances((event) => this.#forgetGone("annotation", event.ids));
  }

  close(): void {
    this.#dispose();
  }

  get count(): number {
    return this.#parts.model.chosen.value.ids.size;
  }

  // ------------------------------------------------------------ choosing

  /** The layer that is chosen among; the annotation where no draft can be seen. */
  get among(): Among {
    const { model, drafts } = this.#parts;
    const hasDraft = drafts.draft !== undefined && !model.isBlind.value;
    return hasDraft ? model.among.value : "annotation";
  }

  readerOf(among: Among): LabelReader | undefined {
    const { layer, drafts } = this.#parts;
    return among === "annotation" ? layer : drafts.draft;
  }

  /** Choose what lies inside with at least half of its box, in the plane that is shown. */
  enclosed(enclosure: Enclosure, how: ChooseHow): void {
    const { among } = this;
    const { instances } = this.readerOf(among) as LabelReader;
    const ids = [...instances.within(enclosure.bounds)].filter((id) => {
      const row = instances.get(id);
      return row && enclosure.partOf(row.box) >= INSIDE_FROM && this.#isSeen(among, id);
    });
    this.choose(among, ids, how);
  }

  inView(): void {
    this.enclosed(boxEnclosure(this.#parts.scene.stage.view().visible), "replace");
  }

  /** The object under a point: of the layer that is chosen among, else of the other one. */
  toggle(at: ImagePoint): void {
    const { model } = this.#parts;
    const { among } = this;
    const other = among === "annotation" ? "draft" : "annotation";
    const found = [among, other].map((one) => ({ one: one as Among, id: this.#seenAt(one, at) }));
    const hit = found.find(({ id }) => id !== 0);
    if (hit) {
      model.among.value = hit.one;
      this.#set(chosenWith(model.chosen.value, hit.one, hit.id));
    } else this.none();
  }

  toggleRow(among: Among, id: number): void {
    this.#set(chosenWith(this.#parts.model.chosen.value, among, id));
  }

  choose(among: Among, ids: Iterable<number>, how: ChooseHow): void {
    this.#set(chosenAfter(this.#parts.model.chosen.value, among, ids, how));
  }

  none(): void {
    if (this.count > 0) this.#set(NONE_CHOSEN);
  }

  #set(chosen: typeof NONE_CHOSEN): void {
    const { model } = this.#parts;
    model.selected.value = 0;
    model.selectedDraft.value = 0;
    model.chosen.value = chosen;
    const isDraft = chosen.among === "draft";
    const n = chosen.ids.size;
    model.spoken.value =
      n === 0 ? texts.objects.chosen.nothingChosen : texts.objects.chosen.nChosen(n, isDraft);
  }

  #seenAt(among: string, at: ImagePoint): number {
    const id = this.readerOf(among as Among)?.labelAt(at) ?? 0;
    return id !== 0 && this.#isSeen(among as Among, id) ? id : 0;
  }

  #isSeen(among: Among, id: number): boolean {
    return among === "annotation" || this.#parts.drafts.shows(id);
  }

  /** What has no pixel any more, or is no longer to be decided, is chosen no more. */
  #forgetGone(among: Among, changed: readonly number[] | null): void {
    const { model } = this.#parts;
    const { chosen } = model;
    const { ids } = chosen.value;
    if (chosen.value.among !== among || ids.size === 0) return;
    const instances = this.readerOf(among)?.instances;
    const suspects = (changed ?? [...ids]).filter((id) => ids.has(id));
    const gone = suspects.filter((id) => !instances?.areaOf(id) || !this.#isSeen(among, id));
    if (gone.length > 0) chosen.value = chosenAfter(chosen.value, among, gone, "remove");
  }

  /** Decided, hidden or closed: what of the draft is not seen is chosen no more. */
  draftChanged(): void {
    this.#forgetGone("draft", null);
  }

  // ------------------------------------------------------------ acting

  /** Whether there was anything to act on: the keys mean a single object otherwise. */
  #annotated(): number[] | undefined {
    const { chosen } = this.#parts.model;
    return chosen.value.among === "annotation" && this.count > 0
      ? [...chosen.value.ids]
      : undefined;
  }

  #drafted(): { draft: DraftStore; ids: number[] } | undefined {
    const { model, drafts } = this.#parts;
    const { among, ids } = model.chosen.value;
    return among === "draft" && ids.size > 0 && drafts.draft
      ? { draft: drafts.draft, ids: [...ids] }
      : undefined;
  }

  #mayAnnotate(): boolean {
    const { model } = this.#parts;
    if (model.mayAnnotate.value) return true;
    notify(model, texts.editor.mayOnlyLook, { tone: "problem" });
    return false;
  }

  /** Very many take a moment, in which nothing else would tell that anything happens. */
  #begin(text: (n: number) => string, n: number): void {
    if (n >= TOLD_FROM) notify(this.#parts.model, text(n));
  }

  /** @returns false when nothing is chosen */
  remove(): boolean {
    const { model, layer, attempt } = this.#parts;
    if (this.#drafted()) {
      this.reject();
      return true;
    }
    const ids = this.#annotated();
    if (!ids) return false;
    if (!this.#mayAnnotate()) return true;
    this.#begin(texts.objects.chosen.deleting, ids.length);
    void attempt(async () => {
      const done = await layer.deleteMany(ids);
      notify(model, texts.objects.chosen.deleted(done.nDone, undoWords(done)));
    });
    return true;
  }

  /** The largest stays, and gets the pixels of the others. */
  merge(): void {
    const { model, layer, attempt } = this.#parts;
    const ids = this.#annotated();
    if (!ids || !this.#mayAnnotate()) return;
    if (ids.length < 2) {
      notify(model, texts.objects.chosen.chooseTwo);
      return;
    }
    const { instances } = layer;
    const keep = ids.reduce((one, id) => (instances.areaOf(id) > instances.areaOf(one) ? id : one));
    this.#begin(texts.objects.chosen.merging, ids.length);
    void attempt(async () => {
      const done = await layer.mergeMany(keep, ids);
      this.none();
      model.selected.value = keep;
      notify(model, texts.objects.chosen.merged(done.nDone, keep, undoWords(done)));
    });
  }

  /** @returns false when nothing is chosen */
  setClass(name: string): boolean {
    const { model, layer, attempt } = this.#parts;
    const ids = this.#annotated();
    const drafted = this.#drafted();
    if (!ids && !drafted) return false;
    if (!this.#mayAnnotate()) return true;
    void attempt(async () => {
      if (drafted) await layer.setDraftClass(drafted.draft, drafted.ids, name);
      else await layer.setClass(ids ?? [], name);
      const n = (drafted?.ids ?? ids ?? []).length;
      const isDraft = drafted !== undefined;
      notify(model, texts.objects.chosen.gotClass(n, isDraft, classWord(name)));
    });
    return true;
  }

  /** @returns false when nothing of a draft is chosen */
  accept(): boolean {
    const { model, layer, attempt } = this.#parts;
    const drafted = this.#drafted();
    if (!drafted) return false;
    if (!this.#mayAnnotate()) return true;
    const { draft } = drafted;
    const ids = inBands(draft, drafted.ids);
    this.#begin(texts.objects.chosen.accepting, ids.length);
    void attempt(async () => {
      const n = await layer.acceptMany(draft, ids, "pixels");
      notify(model, texts.objects.chosen.accepted(n, ids.length - n));
    });
    return true;
  }

  /** @returns false when nothing of a draft is chosen */
  reject(): boolean {
    const { model } = this.#parts;
    const drafted = this.#drafted();
    if (!drafted) return false;
    if (!this.#mayAnnotate()) return true;
    const { draft, ids } = drafted;
    draft.reject(ids);
    const run = () => draft.reopen(ids);
    notify(model, texts.objects.chosen.rejected(ids.length), {
      actions: [{ label: texts.objects.chosen.takeBack, run }],
      stays: true,
    });
    return true;
  }
}

function undoWords({ nElsewhere }: ManyReport): string {
  return texts.objects.chosen.undo(nElsewhere);
}

/** From top to bottom: what is accepted together then lies together. */
function inBands({ instances }: DraftStore, ids: readonly number[]): number[] {
  const top = new Map(ids.map((id) => [id, instances.get(id)?.box.y0 ?? 0]));
  return ids.toSorted((a, b) => (top.get(a) as number) - (top.get(b) as number));
}
