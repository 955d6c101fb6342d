/** The form of a training: what was typed, what it asks for, what to know before. */

import { signal } from "@preact/signals";
import { ApiError } from "../../../api/client";
import type { Engine, Fix, Preflight } from "../../../api/page_types";
import { api, type NewRun, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { NewestAnswer } from "../parts/newest_answer";
import { readParams, type Typed } from "./params";
import type { TrainingState } from "./state";

/** A training that can be asked for, or why what was typed is none. */
export type Reading =
  | { readonly plan: NewRun; readonly why: null }
  | {
      readonly plan: null;
      readonly why: string;
      readonly problems: Readonly<Record<string, string>>;
    };

export class RunDraft {
  readonly engineName = signal("");
  readonly start = signal("");
  readonly minutes = signal("10");
  readonly seed = signal("0");
  readonly channels = signal<ReadonlySet<number>>(new Set());
  readonly typed = signal<Typed>({});
  /** By parameter. */
  readonly problems = signal<Readonly<Record<string, string>>>({});
  readonly preflight = signal<Preflight | null>(null);
  readonly #state: TrainingState;
  readonly #newest = new NewestAnswer();

  /** @param asked the address's query: "Train further" on a version's page */
  constructor(state: TrainingState, asked: URLSearchParams) {
    this.#state = state;
    this.engineName.value = asked.get("engine") ?? state.engines.value[0]?.name ?? "";
    this.start.value = asked.get("start") ?? "";
  }

  get engine(): Engine | undefined {
    return this.#state.engines.value.find((one) => one.name === this.engineName.value);
  }

  /** What was chosen, else the engine's newest version, scratch, or its first official model. */
  get chosenStart(): string {
    if (this.start.value) return this.start.value;
    const newest = this.#state.versions.value.find(({ engine }) => engine === this.engine?.name);
    if (newest) return `version:${newest.id}`;
    return this.engine?.from_scratch ? "scratch" : `pretrained:${this.engine?.pretrained[0] ?? ""}`;
  }

  chooseEngine(name: string): void {
    this.engineName.value = name;
    this.start.value = "";
    this.typed.value = {};
    this.problems.value = {};
  }

  type(name: string, value: string | boolean): void {
    this.typed.value = { ...this.typed.value, [name]: value };
  }

  read(): Reading {
    const { params, problems } = readParams(this.engine?.params ?? [], this.typed.value);
    if (Object.keys(problems).length > 0) {
      const why = texts.training.form.someUnusable;
      return { plan: null, why, problems };
    }
    const limit = this.minutes.value.trim() === "" ? null : Number(this.minutes.value);
    if (limit !== null && !(limit > 0)) {
      return { plan: null, why: texts.training.form.minutesProblem, problems };
    }
    const plan = {
      engine: this.engineName.value,
      start: this.chosenStart,
      params,
      seed: Number(this.seed.value) || 0,
      max_minutes: limit,
      channels: [...this.channels.value].sort((a, b) => a - b),
    };
    return { plan, why: null };
  }

  /** Ask what to know before this training. */
  check(plan: NewRun): Promise<void> {
    return this.#newest.ask(() => api.checkRun(this.#state.project, plan), {
      take: (answer) => {
        this.preflight.value = answer;
      },
      fail: (error) => {
        // What the server refuses it would refuse in earnest too; a broken line says nothing.
        this.preflight.value = error instanceof ApiError ? refusal(error) : null;
      },
    });
  }

  /** Change the form as a finding proposes. */
  mend(fix: Fix): void {
    if (fix.start) this.start.value = fix.start;
    if (fix.channels) this.channels.value = new Set(fix.channels);
    for (const [name, value] of Object.entries(fix.params)) this.type(name, String(value));
  }
}

function refusal(error: ApiError): Preflight {
  const { code } = error;
  return {
    findings: [{ code, tone: "problem", sentence: sentenceOf(error), fix: null }],
    estimate: "",
  };
}
