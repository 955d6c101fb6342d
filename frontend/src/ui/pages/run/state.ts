/** A run as its page sees it: read once, then kept up by news. */

import { batch, computed, signal } from "@preact/signals";
import type { Epoch, Progress, Run } from "../../../api/page_types";
import { api, type RunOrder, sentenceOf } from "../../../api/pages";

const MOST_LOG_CHARACTERS = 200_000;

export class RunPageState {
  readonly run = signal<Run | null>(null);
  readonly epochs = signal<readonly Epoch[]>([]);
  readonly log = signal("");
  readonly problem = signal("");
  readonly isOpen = computed(() => ["queued", "running"].includes(this.run.value?.state ?? ""));
  readonly isPaused = computed(() => this.run.value?.state === "paused");
  private readonly id: string;
  /** What was heard before the run was read. */
  private early: [string, Readonly<Record<string, unknown>>][] = [];

  constructor(id: string) {
    this.id = id;
  }

  async load(): Promise<void> {
    try {
      const run = await api.run(this.id);
      batch(() => {
        this.run.value = run; // before the log: whether it still goes on counts there
        this.epochs.value = mergeEpochs(this.epochs.value, run.epochs ?? []);
        this.log.value = this.longerLog(run.log ?? "");
        this.problem.value = "";
        const early = this.early;
        this.early = [];
        for (const [type, data] of early) this.hear(type, data);
      });
    } catch (error) {
      this.problem.value = sentenceOf(error);
    }
  }

  async tell(what: RunOrder): Promise<void> {
    try {
      await api.tellRun(this.id, what);
      await this.load();
    } catch (error) {
      this.problem.value = sentenceOf(error);
    }
  }

  hear(type: string, data: Readonly<Record<string, unknown>>): void {
    const run = this.run.value;
    if (type === "resync") void this.load();
    if (run === null) {
      this.early.push([type, data]);
      return;
    }
    if (type === "epoch") {
      batch(() => {
        this.epochs.value = mergeEpochs(this.epochs.value, [data as unknown as Epoch]);
        const progress = data["progress"] as Progress | undefined;
        if (progress) this.run.value = { ...run, progress };
      });
    }
    if (type === "log") {
      const text = String(data["text"] ?? "");
      const before = data["all"] === true ? "" : this.log.value;
      this.log.value = (before + text).slice(-MOST_LOG_CHARACTERS);
    }
    if (type === "state") this.take(run, data as unknown as Partial<Run>);
  }

  /** The row's log is some seconds old while the run goes on, and the whole of it afterwards. */
  private longerLog(stored: string): string {
    const isLive = this.isOpen.value && stored.length < this.log.value.length;
    return isLive ? this.log.value : stored;
  }

  private take(run: Run, news: Partial<Run>): void {
    const isNew = news.state !== undefined && news.state !== run.state;
    const { version: _only, ...rest } = news; // the news carry the version's id alone
    this.run.value = { ...run, ...rest, id: run.id };
    // What a change of state brings (times, version, the whole log) is in the row.
    if (isNew) void this.load();
  }
}

/** Epochs by their number: a resumed run repeats some, and the later report counts. */
export function mergeEpochs(old: readonly Epoch[], fresh: readonly Epoch[]): readonly Epoch[] {
  const byNumber = new Map(old.map((epoch) => [epoch.epoch, epoch]));
  for (const epoch of fresh) byNumber.set(epoch.epoch, epoch);
  return [...byNumber.values()].sort((a, b) => a.epoch - b.epoch);
}
