/** Who made the selected object, and who changed it last. */

import { effect, signal } from "@preact/signals";
import type { HistoryApi, InstanceHistoryJson } from "../../api/history";
import type { LayerStore } from "../../store/types";
import * as texts from "../../texts";
import { personName } from "./history_steps";
import type { EditorModel } from "./model";
import { agoText, whenText } from "./times";

export interface BlameParts {
  readonly model: Pick<EditorModel, "selected" | "save">;
  readonly layer: Pick<LayerStore, "info" | "instances" | "isBusy" | "onInstances">;
  readonly history: Pick<HistoryApi, "instance">;
}

/** Selecting one after the other asks only for the last. */
const ASK_AFTER_MS = 200;

export class BlameDesk {
  readonly history = signal<InstanceHistoryJson | undefined>(undefined);
  readonly #parts: BlameParts;
  readonly #disposers: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: BlameParts) {
    const { model, layer } = parts;
    this.#parts = parts;
    this.#disposers = [
      effect(() => {
        const id = model.selected.value;
        if (this.history.peek()?.instance_id !== id) this.history.value = undefined;
        // What is not saved has no history yet.
        if (id > 0 && model.save.value.state === "saved") this.#askSoon();
      }),
      layer.onInstances(({ ids }) => {
        const id = model.selected.peek();
        if (id > 0 && (ids === null || ids.includes(id))) this.#askSoon();
      }),
    ];
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), ASK_AFTER_MS);
  }

  async #ask(): Promise<void> {
    const { model, layer, history } = this.#parts;
    const id = model.selected.peek();
    // A stroke that was given up leaves a number without an object.
    if (layer.instances.areaOf(id) === 0) return;
    // Of an object that is being painted the server knows nothing yet; it is asked once it does.
    if (layer.isBusy || model.save.peek().state !== "saved") {
      if (layer.isBusy) this.#askSoon();
      return;
    }
    // Without an answer nothing is said of it: the object itself is there.
    const found = await history.instance(layer.info.id, id).catch(() => undefined);
    if (model.selected.peek() === id) this.history.value = found;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const dispose of this.#disposers) dispose();
  }
}

/** "Made by Ana on 30 Nov 2026, 12:31:05, accepted from stardist v3; last changed by Ben 12 min ago." */
export function blameText(found: InstanceHistoryJson, now: number = Date.now()): string {
  const { created, accepted_from, changes } = found;
  const maker = personName(created ? created.person : found.created_by);
  const when = created ? whenText(new Date(created.at)) : "";
  const last = changes[0];
  const isNewer = last !== undefined && last.seq !== created?.seq;
  const then = isNewer ? `${personName(last.person)} ${agoText(new Date(last.at), now)}` : "";
  return texts.history.madeBy(maker, when, accepted_from?.name ?? "", then);
}
