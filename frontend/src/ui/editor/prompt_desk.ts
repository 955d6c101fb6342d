/** What a model was asked and answered: waiting, shown, kept or dropped. */
import { effect, type Signal, signal, untracked } from "@preact/signals";
import type { PromptAnswer, PromptApi, PromptAsked, PrompterJson } from "../../api/prompts";
import type { PromptMeta } from "../../api/types";
import type { ImagePoint } from "../../geometry/points";
import type { Rect } from "../../geometry/rect";
import { type Area, areaOf } from "../../labels/similar";
import * as texts from "../../texts";
import { waiting } from "../../texts/waiting";
import { areaTarget, writeArea } from "../../tools/areas";
import type { ToolContext } from "../../tools/tool";
import type { PointerPlace } from "../../viewer/gesture";
import { withKeys } from "./key_bindings";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

const COLOUR = "#ffd76a";
/** A worker that is free has answered by then. */
const LATE_MS = 4000;
/** The wheel turns faster than a worker answers. */
const REST_MS = 120;

export interface Prompt {
  readonly state: "waiting" | "found" | "nothing";
  /** For the person. */
  readonly text: string;
  readonly engine: string;
  readonly threshold: number | undefined;
}

interface Asked {
  readonly place: PointerPlace;
  readonly box: Rect | undefined;
  readonly plane: { readonly t: number; readonly z: number };
}

export class PromptDesk {
  readonly prompt: Signal<Prompt | undefined> = signal(undefined);
  readonly prompters: Signal<readonly PrompterJson[]> = signal([]);
  /** Name of the prompter that is asked; "" for the project's newest version. */
  readonly asks = signal("");
  #hasAsked = false;
  readonly #model: EditorModel;
  readonly #scene: Scene;
  readonly #api: PromptApi;
  readonly #context: () => ToolContext;
  readonly #dispose: () => void;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;
  #asked: Asked | undefined;
  #found: { area: Area; answer: PromptAnswer; seconds: number } | undefined;

  constructor(model: EditorModel, scene: Scene, api: PromptApi, context: () => ToolContext) {
    this.#model = model;
    this.#scene = scene;
    this.#api = api;
    this.#context = context;
    // It was asked about the plane that was seen.
    this.#dispose = effect(() => {
      void model.plane.value;
      untracked(() => this.drop());
    });
  }

  close(): void {
    this.#dispose();
    this.drop();
  }

  /** Learn which models there are besides the project's own; nobody waits for it. */
  load(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.#api.prompters().then(
      (found) => {
        this.prompters.value = found;
      },
      () => {
        this.#hasAsked = false;
      },
    );
  }

  choose(prompter: string): void {
    this.drop();
    this.asks.value = prompter;
    const { missing } = this.prompters.value.find((one) => one.name === prompter) ?? {};
    if (missing) notify(this.#model, missing, { tone: "problem" });
  }

  /** Whether there is something to drop. */
  get isOpen(): boolean {
    return this.prompt.value !== undefined;
  }

  contains(point: ImagePoint): boolean {
    const found = this.#found;
    if (!found) return false;
    const { x0, y0, x1, y1 } = found.area.box;
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    if (x < x0 || y < y0 || x >= x1 || y >= y1) return false;
    return found.area.inside[(y - y0) * (x1 - x0) + x - x0] === 1;
  }

  /** Ask what lies at a place, or in a box. */
  ask(place: PointerPlace, box: Rect | undefined): void {
    this.drop();
    this.#asked = { place, box, plane: this.#model.plane.value };
    void this.#send(undefined);
  }

  /** The wheel: whether it was taken. */
  turn(direction: 1 | -1): boolean {
    const { threshold, engine } = this.prompt.value ?? {};
    if (this.#model.tool.value !== "prompt" || threshold === undefined || !engine) return false;
    this.setThreshold(stepped(engine, threshold, direction));
    return true;
  }

  setThreshold(threshold: number): void {
    const { prompt } = this;
    if (!prompt.value || !this.#asked) return;
    prompt.value = { ...prompt.value, threshold };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(threshold), REST_MS);
  }

  /** Write what was found as an op. */
  keep(): void {
    const [asked, found] = [this.#asked, this.#found];
    if (!asked || !found) return;
    const context = this.#context();
    const target = areaTarget(context, asked.place);
    if (!target) return;
    this.drop();
    const meta = { prompt: metaOf(asked, found.answer) };
    void context.attempt(() =>
      writeArea(context, asked.place, target, found.area, { kind: "prompt", meta }),
    );
  }

  drop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#late);
    this.#abort?.abort();
    this.#abort = undefined;
    this.#asked = undefined;
    if (this.#found) this.#scene.area.set(undefined, COLOUR);
    this.#found = undefined;
    this.prompt.value = undefined;
  }

  async #send(threshold: number | undefined): Promise<void> {
    const asked = this.#asked;
    const { image } = this.#model;
    if (!asked || !image.value) return;
    this.#abort?.abort();
    clearTimeout(this.#late);
    const abort = new AbortController();
    this.#abort = abort;
    const began = performance.now();
    if (!this.prompt.value) this.#tell("waiting", texts.prompts.asking);
    try {
      const prompter = this.asks.value;
      const body = { ...bodyOf(asked, threshold), ...(prompter && { prompter }) };
      const answer = await this.#api.ask(image.value.id, body, abort.signal, (known) =>
        this.#waits(known),
      );
      if (!abort.signal.aborted) this.#answered(answer, (performance.now() - began) / 1000);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.drop();
      const text = error instanceof Error ? error.message : String(error);
      notify(this.#model, text, { tone: "problem" });
    }
  }

  #waits({ by, engine, is_served }: PromptAnswer): void {
    const name = by ?? texts.prompts.theModel;
    if (is_served === false) {
      const text = texts.prompts.noWorker(engine, name);
      this.#tell("waiting", text, engine);
      return;
    }
    if (!this.#found) this.#tell("waiting", texts.prompts.looking(name), engine);
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#tell("waiting", waiting.turn(name), engine), LATE_MS);
  }

  #answered(answer: PromptAnswer, seconds: number): void {
    clearTimeout(this.#late);
    if (answer.state === "failed" || answer.state === "waiting") {
      this.drop();
      const text = answer.message ?? texts.prompts.workerIsBusy;
      notify(this.#model, text, { tone: "problem" });
      return;
    }
    const area = areaOf(spansIn(answer.rows ?? []));
    this.#found = area && { area, answer, seconds };
    this.#scene.area.set(area, COLOUR);
    if (!area) {
      this.#tell("nothing", answer.message ?? texts.prompts.nothingFound, answer.engine, answer);
      return;
    }
    const score = Math.round((answer.score ?? 0) * 100);
    const text = texts.prompts.found(answer.by ?? "", score, seconds);
    this.#tell("found", text, answer.engine, answer);
  }

  #tell(state: Prompt["state"], text: string, engine = "", answer?: PromptAnswer): void {
    const threshold = answer?.threshold ?? this.prompt.value?.threshold;
    this.prompt.value = { state, text: withKeys(text), engine, threshold };
    this.#model.spoken.value = text;
  }
}

/** A step of the threshold: of StarDist it is a probability, of flows a logit. */
export function stepped(engine: string, threshold: number, direction: number): number {
  const { least, most, step } = rangeOf(engine);
  // Away from the person is lower, which finds more: as the wand grows.
  const wanted = Math.round((threshold - direction * step) / step) * step;
  return Number(Math.min(most, Math.max(least, wanted)).toFixed(3));
}

export function rangeOf(engine: string) {
  return engine.startsWith("stardist")
    ? { least: 0.02, most: 0.98, step: 0.02 }
    : { least: -6, most: 6, step: 0.25 };
}

function spansIn(rows: readonly number[]) {
  return Array.from({ length: rows.length / 3 }, (_, i) => {
    const [y, lo, hi] = rows.slice(3 * i, 3 * i + 3) as [number, number, number];
    return { y, lo, hi };
  });
}

function bodyOf({ place, box, plane }: Asked, threshold: number | undefined): PromptAsked {
  const { x, y } = place.image;
  return {
    ...{ t: plane.t, z: plane.z },
    ...(box
      ? { box: [box.y0, box.x0, box.y1, box.x1] }
      : { point: [Math.floor(y), Math.floor(x)] }),
    ...(threshold !== undefined && { threshold }),
  };
}

function metaOf({ place, box }: Asked, answer: PromptAnswer): PromptMeta {
  const { x, y } = place.image;
  return {
    by: answer.by ?? "",
    version: answer.version ?? null,
    point: box ? null : [Math.floor(x), Math.floor(y)],
    box: box ? [box.x0, box.y0, box.x1, box.y1] : null,
    threshold: answer.threshold ?? 0,
    score: answer.score ?? 0,
  };
}
