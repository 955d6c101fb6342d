/** Rounds of a project: what came, and how it reads. */

import { signal } from "@preact/signals";
import { api, sentenceOf } from "../../../api/pages";
import type { Labelled, Round, Rounds } from "../../../api/round_types";
import * as texts from "../../../texts/pages";
import { NewestAnswer } from "../parts/newest_answer";

export class RoundsState {
  readonly rounds = signal<Rounds | null>(null);
  readonly problem = signal("");
  private readonly project: string;
  private readonly newest = new NewestAnswer();

  constructor(project: string) {
    this.project = project;
  }

  load(): Promise<void> {
    return this.newest.ask(() => api.rounds(this.project), {
      take: (answer) => {
        this.rounds.value = answer;
        this.problem.value = "";
      },
      fail: (error) => {
        this.problem.value = sentenceOf(error);
      },
    });
  }
}

/** Where the new objects are: "3 regions on 2 images". */
export function whereabouts({ n_regions, n_images }: Labelled): string {
  if (n_regions === 0) return "";
  return texts.rounds.where(n_regions, n_images);
}

/** One step of a round: from the version before to one trained in it. */
export interface Step {
  readonly id: string;
  readonly number: number;
  readonly ap50: number | null;
  /** Against the version before, on the same regions. */
  readonly gain: number | null;
}

/** The versions of a round, the best first; those that are not measured come last. */
export function stepsOf(round: Round): readonly Step[] {
  const before = round.before?.ap50 ?? null;
  const steps = round.after.map(
    ({ version, ap50 }): Step => ({
      id: version.id,
      number: version.number,
      ap50,
      gain: ap50 === null || before === null ? null : ap50 - before,
    }),
  );
  return steps.sort((a, b) => (b.ap50 ?? -1) - (a.ap50 ?? -1) || b.number - a.number);
}

/** Nothing has happened in the project yet that a round could count. */
export function isUntouched({ rounds, open }: Rounds): boolean {
  return rounds.length === 0 && open.n_regions === 0 && open.n_ops === 0 && open.active_s === 0;
}
