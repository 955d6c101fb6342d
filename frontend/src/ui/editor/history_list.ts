/** The steps of a layer, newest first: read page by page, and following what happens. */
import { computed, signal } from "@preact/signals";
import type { HistoryApi, HistoryOpJson, HistoryQuery } from "../../api/history";
import type { Rect } from "../../geometry/rect";
import type { PlaneRef } from "../../labels/spans";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import { type Step, stepsOf } from "./history_steps";

/** Whose steps, of which object, and whether only those in view. */
export interface HistoryFilter {
  readonly person?: number;
  readonly instanceId?: number;
  readonly isInView?: boolean;
}

export interface ListParts {
  readonly api: Pick<HistoryApi, "list">;
  readonly layer: Pick<StackStore, "onOps" | "info">;
  /** What is on screen. */
  readonly view: () => { readonly box: Rect; readonly plane: PlaneRef };
}

const PAGE = 50;
/** An answer without rows only says how far was searched: so often it is asked on by itself. */
const MOST_ANSWERS = 5;
const NEWS_AFTER_MS = 250;
const CLOCK_MS = 20_000;

export class HistoryList {
  readonly isOpen = signal(false);
  readonly filter = signal<HistoryFilter>({});
  readonly isLoading = signal(false);
  readonly trouble = signal<string | undefined>(undefined);
  /** Whether there may be older steps than those that are read. */
  readonly hasMore = signal(true);
  /** For what is said to be so long ago. */
  readonly now = signal(Date.now());
  /** People whose steps were seen, by their account. */
  readonly people = signal<ReadonlyMap<number, string>>(new Map());
  readonly #ops = signal<readonly HistoryOpJson[]>([]);
  readonly steps = computed<readonly Step[]>(() => stepsOf(this.#ops.value));
  readonly #parts: ListParts;
  readonly #disposers: (() => void)[];
  #before: number | undefined;
  #round = 0;
  #news: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ListParts) {
    this.#parts = parts;
    const clock = setInterval(() => {
      if (this.isOpen.value) this.now.value = Date.now();
    }, CLOCK_MS);
    this.#disposers = [parts.layer.onOps(() => this.#soon()), () => clearInterval(clock)];
  }

  open(filter?: HistoryFilter): void {
    this.isOpen.value = true;
    this.now.value = Date.now();
    if (filter) this.filter.value = filter;
    void this.reload();
  }

  close(): void {
    this.isOpen.value = false;
  }

  setFilter(filter: HistoryFilter): void {
    this.filter.value = filter;
    void this.reload();
  }

  /** Read from the newest on. */
  async reload(): Promise<void> {
    this.#round++;
    this.#ops.value = [];
    this.#before = undefined;
    this.hasMore.value = true;
    this.isLoading.value = false;
    await this.more();
  }

  /** Read older steps. */
  async more(): Promise<void> {
    if (this.isLoading.value || !this.hasMore.value) return;
    const round = this.#round;
    this.isLoading.value = true;
    this.trouble.value = undefined;
    try {
      for (let answer = 0; answer < MOST_ANSWERS; answer++) {
        const n = await this.#readPage(round);
        if (n > 0 || !this.hasMore.value || round !== this.#round) break;
      }
    } catch (error) {
      if (round === this.#round) this.trouble.value = sentence(error);
    } finally {
      if (round === this.#round) this.isLoading.value = false;
    }
  }

  async #readPage(round: number): Promise<number> {
    const page = await this.#ask(this.#before);
    if (round !== this.#round) return 0;
    const oldest = this.#ops.value.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
    const ops = page.ops.filter((op) => op.seq < oldest);
    this.#ops.value = [...this.#ops.value, ...ops];
    this.#meet(ops);
    this.#before = page.before ?? undefined;
    this.hasMore.value = page.before !== null;
    return ops.length;
  }

  #ask(before?: number) {
    const { api, layer, view } = this.#parts;
    const { person, instanceId, isInView } = this.filter.value;
    const query: Record<string, number | undefined> = { limit: PAGE, before, person };
    query.instance_id = instanceId;
    if (isInView) {
      const { box, plane } = view();
      Object.assign(query, { row0: box.y0, col0: box.x0, row1: box.y1, col1: box.x1 });
      Object.assign(query, { t: plane.t, z: plane.z });
    }
    return api.list(layer.info.id, query satisfies HistoryQuery);
  }

  #meet(ops: readonly HistoryOpJson[]): void {
    const unknown = ops.filter((op) => op.person_id !== null && op.person !== null);
    if (unknown.every((op) => this.people.value.has(op.person_id as number))) return;
    const met = new Map(this.people.value);
    for (const op of unknown) met.set(op.person_id as number, op.person as string);
    this.people.value = met;
  }

  /** Something happened: read it, when the flurry is over. */
  #soon(): void {
    if (!this.isOpen.value) return;
    this.#news ??= setTimeout(() => {
      this.#news = undefined;
      this.refresh().catch(() => undefined); // with the next news
    }, NEWS_AFTER_MS);
  }

  /** Read what is newer than the list; all anew when that is more than a page. */
  async refresh(): Promise<void> {
    const round = this.#round;
    const page = await this.#ask();
    if (round !== this.#round) return;
    this.now.value = Date.now();
    const newest = this.#ops.value[0]?.seq ?? 0;
    const news = page.ops.filter((op) => op.seq > newest);
    // What was searched reaches down to what is known.
    const isAll = page.before === null || page.before <= newest + 1;
    this.#meet(news);
    if (isAll) this.#ops.value = [...news, ...this.#ops.value];
    else {
      this.#ops.value = page.ops;
      this.#before = page.before ?? undefined;
      this.hasMore.value = page.before !== null;
    }
  }

  /** The step before (+1 is older) or after another; reads on where the list ends. */
  async neighbour(seq: number, older: 1 | -1): Promise<Step | undefined> {
    const find = () => {
      const steps = this.steps.value;
      const at = steps.findIndex((step) => step.seq === seq);
      return at < 0 ? undefined : steps[at + older];
    };
    const found = find();
    if (found || older < 0) return found;
    await this.more();
    return find();
  }

  dispose(): void {
    clearTimeout(this.#news);
    for (const dispose of this.#disposers) dispose();
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : texts.history.couldNotBeRead;
}
