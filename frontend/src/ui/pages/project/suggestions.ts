/** What to paint next: what the server chose, and what a person makes of it. */

import { batch, computed, signal } from "@preact/signals";
import { address, api, sentenceOf } from "../../../api/pages";
import type { Selection, Suggestion } from "../../../api/round_types";
import * as texts from "../../../texts/pages";
import { NewestAnswer } from "../parts/newest_answer";

/** Where the choosing stands, as the panel shows it. */
export type Stage = "unknown" | "never" | "choosing" | "failed" | "nothing" | "chosen";

export class NextRegions {
  readonly selection = signal<Selection | null>(null);
  readonly suggestions = signal<readonly Suggestion[]>([]);
  readonly isLoaded = signal(false);
  readonly problem = signal("");
  /** Of the suggestion that is being taken, or "all" while more are asked for. */
  readonly busy = signal("");
  readonly stage = computed(() =>
    this.isLoaded.value ? stageOf(this.selection.value, this.suggestions.value) : "unknown",
  );
  private readonly project: string;
  private readonly newest = new NewestAnswer();

  constructor(project: string) {
    this.project = project;
  }

  load(): Promise<void> {
    return this.newest.ask(() => api.suggestions(this.project), {
      take: (answer) =>
        batch(() => {
          this.selection.value = answer.selection;
          this.suggestions.value = inOrder(answer.suggestions);
          this.problem.value = "";
          this.isLoaded.value = true;
        }),
      fail: (error) => {
        this.problem.value = sentenceOf(error);
      },
    });
  }

  async suggest(): Promise<void> {
    await this.act("all", async () => {
      this.selection.value = await api.suggest(this.project);
    });
  }

  /** Open the suggested region; returns where to paint it, or "" with a problem to read. */
  async take(suggestion: Suggestion): Promise<string> {
    let target = "";
    await this.act(suggestion.id, async () => {
      const taken = await api.takeSuggestion(suggestion.id);
      target = address.region(taken.image.id, taken.region ?? "");
    });
    return target;
  }

  async dismiss(suggestion: Suggestion): Promise<void> {
    const before = this.suggestions.value;
    this.suggestions.value = before.filter((other) => other.id !== suggestion.id);
    await this.act(suggestion.id, async () => {
      await api.dismissSuggestion(suggestion.id);
    });
    if (this.problem.value) this.suggestions.value = before;
  }

  private async act(what: string, work: () => Promise<void>): Promise<void> {
    this.busy.value = what;
    this.problem.value = "";
    try {
      await work();
    } catch (error) {
      this.problem.value = sentenceOf(error);
    }
    this.busy.value = "";
  }
}

export function stageOf(selection: Selection | null, suggestions: readonly Suggestion[]): Stage {
  if (selection === null) return "never";
  if (selection.state === "queued" || selection.state === "running") return "choosing";
  if (selection.state !== "finished") return "failed";
  return suggestions.length === 0 ? "nothing" : "chosen";
}

const PLACES = { open: 0, painting: 1, done: 2 };

/** Whether a suggestion waits, is being painted, or is done. */
export function standing(suggestion: Suggestion): keyof typeof PLACES {
  if (suggestion.state !== "taken" || suggestion.region === null) return "open";
  return suggestion.region_state === "submitted" ? "done" : "painting";
}

/** What waits comes first, what is done last; the best first among each. */
export function inOrder(suggestions: readonly Suggestion[]): readonly Suggestion[] {
  return [...suggestions].sort(
    (a, b) => PLACES[standing(a)] - PLACES[standing(b)] || a.rank - b.rank,
  );
}

/** Which time and plane of its image it is of, where there are several; counted from 1. */
export function planeInWords({ image, t, z }: Suggestion): string {
  const time = image.n_t > 1 ? [texts.suggestions.time(t + 1, image.n_t)] : [];
  const plane = image.n_z > 1 ? [texts.suggestions.plane(z + 1, image.n_z)] : [];
  return [...time, ...plane].join(", ");
}

const STAGES: Readonly<Record<string, string>> = {
  looking: texts.suggestions.stages.looking,
  doubting: texts.suggestions.stages.doubting,
};

/** How far the choosing is, in words, and as a share of 0 to 1 where it is known. */
export function howFar(selection: Selection): { readonly words: string; readonly share?: number } {
  if (selection.state === "queued") return { words: texts.suggestions.waitingForWorker };
  const { stage, done, of } = selection.progress;
  const words = STAGES[String(stage)] ?? texts.suggestions.stages.looking;
  if (typeof done !== "number" || typeof of !== "number" || of <= 0) return { words };
  return { words: texts.suggestions.progress(words, done, of), share: done / of };
}

/** The box as it is drawn on a thumbnail: large enough to be seen on the largest image. */
export function visibleBox(
  box: Suggestion["box"],
  width: number,
  height: number,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const [row0, col0, row1, col1] = box;
  const least = Math.max(width, height) * 0.06;
  const grown = (from: number, to: number, limit: number): [number, number] => {
    const size = Math.min(limit, Math.max(to - from, least));
    const start = Math.max(0, Math.min((from + to - size) / 2, limit - size));
    return [start, size];
  };
  const [x, w] = grown(col0, col1, width);
  const [y, h] = grown(row0, row1, height);
  return { x, y, width: w, height: h };
}
