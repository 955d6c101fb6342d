/** Who made the objects of the annotation: asked of the server while colours tell it. */
import { effect, untracked } from "@preact/signals";
import type { RestLayerApi } from "../../api/layers";
import type { StackStore } from "../../store/stack";
import { authorsOf } from "./author_words";
import type { EditorModel } from "./model";

/** After the last change of an object. */
const AGAIN_AFTER_MS = 1_500;

/** Keeps who made what while objects are coloured by it. */
export class AuthorDesk {
  readonly #layer: StackStore;
  readonly #layers: Pick<RestLayerApi, "instances">;
  readonly #model: EditorModel;
  readonly #disposers: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: {
    model: EditorModel;
    layer: StackStore;
    layers: Pick<RestLayerApi, "instances">;
  }) {
    this.#layer = parts.layer;
    this.#layers = parts.layers;
    this.#model = parts.model;
    this.#disposers = [
      effect(() => {
        if (this.#model.colourBy.value === "author") untracked(() => this.#read());
      }),
      this.#layer.onInstances(() => {
        clearTimeout(this.#timer);
        if (this.#model.colourBy.value !== "author") return;
        this.#timer = setTimeout(() => this.#read(), AGAIN_AFTER_MS);
      }),
    ];
  }

  /** Who cannot be asked keeps the answer before; the next change asks again. */
  #read(): void {
    this.#layers.instances(this.#layer.info.id).then(
      (columns) => {
        this.#model.authors.value = authorsOf(columns);
      },
      () => undefined,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const dispose of this.#disposers) dispose();
  }
}
