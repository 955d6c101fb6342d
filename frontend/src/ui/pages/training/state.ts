/** What the training page knows: engines, runs, versions, the channels of the images. */

import { batch, signal } from "@preact/signals";
import type { Engine, Leader, Run, Version } from "../../../api/page_types";
import { api, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";

export class TrainingState {
  readonly engines = signal<readonly Engine[]>([]);
  readonly runs = signal<readonly Run[]>([]);
  readonly versions = signal<readonly Version[]>([]);
  readonly leaders = signal<readonly Leader[]>([]);
  readonly channels = signal<readonly string[]>([]);
  readonly loaded = signal(false);
  readonly problem = signal("");
  readonly project: string;

  constructor(project: string) {
    this.project = project;
  }

  async load(): Promise<void> {
    try {
      const [engines, runs, versions, leaders, sample] = await Promise.all([
        this.engines.value.length ? this.engines.value : api.engines(),
        api.runs(this.project),
        api.versions(this.project),
        api.leaderboard(this.project),
        api.images(this.project, { state: "ready", page_size: 1 }),
      ]);
      batch(() => {
        this.engines.value = engines;
        this.runs.value = runs;
        this.versions.value = versions;
        this.leaders.value = leaders;
        const first = sample.results[0];
        this.channels.value = Array.from(
          { length: first?.n_channels ?? 0 },
          (_, index) => first?.channels?.[index]?.name || texts.training.channel(index + 1),
        );
        this.problem.value = "";
        this.loaded.value = true;
      });
    } catch (error) {
      this.problem.value = sentenceOf(error);
    }
  }
}
