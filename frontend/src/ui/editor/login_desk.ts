/** What happens when the session runs out while the page is open. */

import type { SaveStatus } from "../../store/saving_types";
import type { LayerStore } from "../../store/types";
import type { EditorModel } from "./model";

export class LoginDesk {
  readonly #model: EditorModel;
  readonly #layer: LayerStore;
  readonly #abort = new AbortController();
  /** Asked once; painting on is allowed, the save mark goes on telling. */
  #hasAsked = false;

  constructor(model: EditorModel, layer: LayerStore) {
    this.#model = model;
    this.#layer = layer;
    // Back from the tab where one signed in.
    const back = () => {
      if (this.#hasAsked && !document.hidden) this.#layer.retrySaving();
    };
    window.addEventListener("focus", back, { signal: this.#abort.signal });
    document.addEventListener("visibilitychange", back, { signal: this.#abort.signal });
  }

  follow(state: SaveStatus): void {
    if (state === "login-needed") this.needed();
    else if (state === "saved") {
      this.#hasAsked = false;
      this.#model.isLoginOpen.value = false;
    }
  }

  /** The server wants to know who this is. */
  needed(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.#model.isLoginOpen.value = true;
  }

  /** The person has signed in again, they say: it shows at once whether that is so. */
  retry(): void {
    this.later();
    this.#hasAsked = false;
    this.#layer.retrySaving();
  }

  /** Paint on; strokes are kept. */
  later(): void {
    this.#model.isLoginOpen.value = false;
  }

  /** The person clicks on the save mark: ask again, or try again. */
  saveMark(): void {
    if (this.#model.save.value.state === "login-needed") this.#model.isLoginOpen.value = true;
    this.#layer.retrySaving();
  }

  close(): void {
    this.#abort.abort();
  }
}
