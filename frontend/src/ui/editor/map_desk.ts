/** What the model of the draft says of each pixel, over the part of the image that is in view. */
import { effect, type Signal, signal, untracked } from "@preact/signals";
import type { MapAnswer, PromptApi } from "../../api/prompts";
import { grow, intersect, isEmpty, type Rect, rect } from "../../geometry/rect";
import * as texts from "../../texts";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

/** What the server makes at once. */
const LARGEST_SIDE_PX = 1024;
/** A view that moves on is not worth a worker's time. */
const REST_MS = 350;

export interface ShownMap {
  readonly name: string;
  readonly by: string;
  readonly low: number;
  readonly high: number;
}

export class MapDesk {
  /** Maps that the draft's engine has. */
  readonly names: Signal<readonly string[]> = signal([]);
  /** "" for none. */
  readonly chosen = signal("");
  readonly opacity = signal(0.7);
  readonly isWaiting = signal(false);
  readonly shown: Signal<ShownMap | undefined> = signal(undefined);
  readonly #model: EditorModel;
  readonly #scene: Scene;
  readonly #api: PromptApi;
  readonly #drafts: DraftDesk;
  #version = "";
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is shown, or on its way. */
  #wanted: { key: string; box: Rect } | undefined;
  readonly #disposers: (() => void)[];

  constructor(model: EditorModel, scene: Scene, api: PromptApi, drafts: DraftDesk) {
    this.#model = model;
    this.#scene = scene;
    this.#api = api;
    this.#drafts = drafts;
    this.#disposers = [
      effect(() => {
        const draft = model.draftId.value;
        untracked(() => void this.#follow(draft));
      }),
      effect(() => {
        void this.chosen.value;
        void model.plane.value;
        void model.isBlind.value;
        void model.isProjected.value;
        untracked(() => this.#look());
      }),
      effect(() => scene.map.setOpacity(this.opacity.value)),
      scene.stage.onDrawn(() => this.#rest()),
    ];
  }

  choose(name: string): void {
    this.chosen.value = name;
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
    this.#hide();
  }

  /** Another draft may be another model's. */
  async #follow(draft: string | undefined): Promise<void> {
    this.#hide();
    this.#version = "";
    const found = draft && (await this.#drafts.predictionOf(draft).catch(() => undefined));
    if (this.#model.draftId.value !== draft) return;
    const engines = found ? await this.#api.engines().catch(() => []) : [];
    if (this.#model.draftId.value !== draft) return;
    const engine = engines.find((one) => found && one.name === found.engine);
    this.#version = found ? found.version : "";
    // Of volumes no plane can be asked for.
    this.names.value = engine?.name === "stardist_3d" ? [] : (engine?.produces ?? []);
    if (!this.names.value.includes(this.chosen.value)) this.chosen.value = "";
    this.#look();
  }

  #rest(): void {
    if (this.chosen.value === "") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), REST_MS);
  }

  #look(): void {
    const model = this.#model;
    const name = this.chosen.value;
    const isAllowed = !model.isBlind.value && !model.isProjected.value;
    if (name === "" || this.#version === "" || !isAllowed) {
      this.#hide();
      return;
    }
    const { t, z } = model.plane.value;
    const key = [this.#version, name, t, z].join();
    const box = boxToMap(this.#scene.stage.view().visible, this.#whole());
    const has = this.#wanted;
    if (isEmpty(box) || (has?.key === key && contains(has.box, box))) return;
    if (has && has.key !== key) this.#hide();
    this.#wanted = { key, box };
    void this.#fetch(name, box, { t, z });
  }

  #whole(): Rect {
    const { width = 0, height = 0 } = this.#model.image.value ?? {};
    return rect(0, 0, width, height);
  }

  async #fetch(name: string, box: Rect, plane: { t: number; z: number }): Promise<void> {
    const image = this.#model.image.value;
    if (!image) return;
    this.#abort?.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.isWaiting.value = true;
    try {
      const asked = {
        version: this.#version,
        name,
        ...plane,
        box: [box.y0, box.x0, box.y1, box.x1],
      };
      const answer = await this.#api.map(image.id, asked, signal);
      if (answer.state !== "found")
        throw new Error(answer.message ?? texts.drafts.maps.workerIsBusy);
      const picture = await this.#api.mapPicture(image.id, answer.id, signal);
      if (signal.aborted) picture.close();
      else this.#show(name, box, answer, picture);
    } catch (error) {
      if (signal.aborted) return;
      this.chosen.value = "";
      const text = error instanceof Error ? error.message : String(error);
      notify(this.#model, texts.drafts.maps.couldNotBeMade(text), { tone: "problem" });
    } finally {
      if (this.#abort?.signal === signal) this.isWaiting.value = false;
    }
  }

  #show(name: string, box: Rect, answer: MapAnswer, picture: ImageBitmap): void {
    this.#scene.map.set({ picture, box });
    this.shown.value = {
      ...{ name, by: answer.by ?? "" },
      ...{ low: answer.low ?? 0, high: answer.high ?? 1 },
    };
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = undefined;
    this.#wanted = undefined;
    this.isWaiting.value = false;
    this.shown.value = undefined;
    this.#scene.map.set(undefined);
  }
}

/** The part of the image to ask for: what is in view, wider where there is room, its middle else. */
export function boxToMap(visible: Rect, whole: Rect): Rect {
  const view = intersect(visible, whole);
  const [width, height] = [view.x1 - view.x0, view.y1 - view.y0];
  const spare = Math.max(0, Math.floor((LARGEST_SIDE_PX - Math.max(width, height)) / 2));
  const wide = intersect(grow(view, Math.min(spare, 128)), whole);
  const x0 = Math.max(wide.x0, Math.floor((wide.x0 + wide.x1 - LARGEST_SIDE_PX) / 2));
  const y0 = Math.max(wide.y0, Math.floor((wide.y0 + wide.y1 - LARGEST_SIDE_PX) / 2));
  return intersect(rect(x0, y0, x0 + LARGEST_SIDE_PX, y0 + LARGEST_SIDE_PX), wide);
}

function contains(outer: Rect, wanted: Rect): boolean {
  const inner = intersect(outer, wanted);
  const isSame = inner.x0 === wanted.x0 && inner.y0 === wanted.y0;
  return isSame && inner.x1 === wanted.x1 && inner.y1 === wanted.y1;
}
