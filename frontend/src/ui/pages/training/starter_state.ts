/** Starter models: which are offered, and how those stand that were added to the project. */

import { batch, signal } from "@preact/signals";
import { api, sentenceOf } from "../../../api/pages";
import type { ModelUpload, Starter } from "../../../api/starter_types";
import { NewestAnswer } from "../parts/newest_answer";

/** What a card shows: the button, that it is coming, the version, or why not (and the button). */
export type Standing = "offered" | "coming" | "here" | "failed";

export class StartersState {
  readonly offered = signal<readonly Starter[]>([]);
  readonly added = signal<readonly ModelUpload[]>([]);
  /** Sentences by name of the starter model; "" is that of all. */
  readonly problems = signal<Readonly<Record<string, string>>>({});
  /** The one that is being asked for. */
  readonly busy = signal("");
  private readonly project: string;
  private readonly newest = new NewestAnswer();

  constructor(project: string) {
    this.project = project;
  }

  load(): Promise<void> {
    const ask = () =>
      Promise.all([
        this.offered.value.length ? this.offered.value : api.starters(),
        api.startersOf(this.project),
      ]);
    return this.newest.ask(ask, {
      take: ([offered, added]) =>
        batch(() => {
          this.offered.value = offered;
          this.added.value = added;
          this.say("", "");
        }),
      fail: (error) => this.say("", sentenceOf(error)),
    });
  }

  async add(name: string, channels: readonly number[]): Promise<void> {
    this.busy.value = name;
    try {
      const upload = await api.addStarter(this.project, name, channels);
      const others = this.added.value.filter((one) => one.starter !== name);
      batch(() => {
        this.added.value = [...others, upload];
        this.say(name, "");
      });
    } catch (error) {
      this.say(name, sentenceOf(error));
    }
    this.busy.value = "";
  }

  uploadOf(name: string): ModelUpload | undefined {
    return this.added.value.find((one) => one.starter === name);
  }

  private say(name: string, sentence: string): void {
    this.problems.value = { ...this.problems.value, [name]: sentence };
  }
}

export function standingOf(upload: ModelUpload | undefined): Standing {
  if (upload === undefined) return "offered";
  if (upload.state === "finished") return "here";
  return upload.state === "queued" || upload.state === "running" ? "coming" : "failed";
}
