/** Says in a sentence why strokes are not saved, once for each time that this begins. */
import type { SaveState } from "../../store/saving_types";
import * as texts from "../../texts";
import type { EditorModel } from "./model";
import { notify } from "./notices";

/** A lost network shows in the save mark only: it comes and goes. */
const TOLD = new Set(["server-trouble", "refused"]);

export class SaveWatch {
  readonly #model: EditorModel;
  #told: string | null = null;

  constructor(model: EditorModel) {
    this.#model = model;
  }

  follow({ state, lastError }: SaveState): void {
    if (state === "saved") this.#told = null;
    if (!TOLD.has(state) || !lastError || lastError === this.#told) return;
    this.#told = lastError;
    notify(this.#model, texts.saving.keptHere(lastError), {
      tone: "problem",
    });
  }
}
