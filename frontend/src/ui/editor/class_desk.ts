/** Kinds of objects: which one is chosen, which one an object has, and the project's list. */
import type { ClassApi } from "../../api/classes";
import { ApiError } from "../../api/client";
import type { ClassChange, ClassJson, NewClass } from "../../api/types";
import type { LayerStore } from "../../store/types";
import * as texts from "../../texts";
import type { ChosenDesk } from "./chosen_desk";
import { classWord, nameByKey } from "./class_words";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";

export interface ClassParts {
  readonly model: EditorModel;
  readonly layer: LayerStore;
  readonly drafts: DraftDesk;
  readonly many: ChosenDesk;
  readonly classes: ClassApi;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class ClassDesk {
  readonly #parts: ClassParts;
  /** Counts the readings, so that a slow one does not replace a later one. */
  #reading = 0;

  constructor(parts: ClassParts) {
    this.#parts = parts;
  }

  get #project(): string {
    return this.#parts.model.image.value?.project ?? "";
  }

  /** Read the list; the chosen class stays chosen under another name too. */
  async load(): Promise<void> {
    const { model, classes } = this.#parts;
    const { activeClass } = model;
    const reading = ++this.#reading;
    const read = await classes.list(this.#project);
    if (reading !== this.#reading) return;
    const chosen = model.classes.value.find((one) => one.name === activeClass.value)?.id;
    const isChosen = (one: ClassJson) =>
      chosen ? one.id === chosen : one.name === activeClass.value;
    activeClass.value = read.find(isChosen)?.name ?? "";
    model.classes.value = read;
  }

  /** The project's list is another one, by this person or somebody else. */
  async changed(): Promise<void> {
    const { layer, drafts } = this.#parts;
    await Promise.all([this.load(), layer.refreshClasses(), drafts.draft?.refresh()]);
  }

  /** The class with this key, if there is one, is chosen. */
  chooseByKey(key: string): boolean {
    const name = nameByKey(this.#parts.model.classes.value, key);
    if (name === undefined) return false;
    this.choose(name);
    return true;
  }

  /**
   * New objects get this class from now on, and the selected object gets it at once, unless the
   * next stroke is to make a new one.
   */
  choose(name: string): void {
    const { model } = this.#parts;
    if (!this.#mayAnnotate()) return;
    model.activeClass.value = name;
    if (!model.isNewArmed.value && this.#parts.many.setClass(name)) return;
    const hasSelected = model.facts.value !== undefined || model.draftFacts.value !== undefined;
    if (hasSelected && !model.isNewArmed.value) this.setOfSelected(name);
    else notify(model, texts.classes.newObjectsAreNow(classWord(name)));
  }

  /** Give the selected object a class. */
  setOfSelected(name: string): void {
    const { model, layer, drafts, attempt } = this.#parts;
    if (!this.#mayAnnotate()) return;
    const { selected, selectedDraft } = model;
    const { draft } = drafts;
    const said = (id: number, isDraft: boolean) =>
      notify(model, texts.classes.changed(id, isDraft, classWord(name)));
    if (selected.value !== 0) {
      const id = selected.value;
      void attempt(async () => {
        if (await layer.setClass([id], name)) said(id, false);
      });
    } else if (draft && selectedDraft.value !== 0) {
      const id = selectedDraft.value;
      void attempt(async () => {
        await layer.setDraftClass(draft, [id], name);
        said(id, true);
      });
    }
  }

  #mayAnnotate(): boolean {
    const { model } = this.#parts;
    if (model.mayAnnotate.value) return true;
    notify(model, texts.editor.mayOnlyLook, { tone: "problem" });
    return false;
  }

  /** Resolves to a sentence when the server refuses. */
  add(added: NewClass): Promise<string | undefined> {
    return this.#change(async (classes) => {
      const made = await classes.add(this.#project, added);
      this.#parts.model.activeClass.value = made.name;
    });
  }

  change(id: string, change: ClassChange): Promise<string | undefined> {
    return this.#change((classes) => classes.change(id, change));
  }

  /** A sentence about how many objects a class has, in all images. */
  async countOf(id: string): Promise<string | undefined> {
    const { classes, attempt } = this.#parts;
    const found = await attempt(() => classes.read(id));
    return found && texts.classes.inUse(found.n_instances, found.n_drafted);
  }

  remove(id: string, replaceBy?: string): Promise<string | undefined> {
    return this.#change((classes) => classes.remove(id, replaceBy));
  }

  async #change(act: (classes: ClassApi) => Promise<unknown>): Promise<string | undefined> {
    try {
      await act(this.#parts.classes);
      await this.changed();
    } catch (error) {
      if (error instanceof ApiError && error.status !== 401) return error.message;
      // Signed out, or no network: told as for every other edit.
      await this.#parts.attempt(() => Promise.reject(error));
      return undefined;
    }
    return undefined;
  }
}
