/** State of the image grid: what is asked for, what came, what is chosen. */

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { ImageCard } from "../../../api/page_types";
import { api, type ImageChange, sentenceOf } from "../../../api/pages";
import { NewestAnswer } from "../parts/newest_answer";

const PAGE_SIZE = 48; // fills whole rows of 2, 3, 4, 6 and 8

export interface Filters {
  readonly name: string;
  readonly state: string;
  readonly tag: string;
  readonly split: string;
}

export const NO_FILTERS: Filters = { name: "", state: "", tag: "", split: "" };

export class ImageGrid {
  readonly filters = signal<Filters>(NO_FILTERS);
  readonly page = signal(1);
  readonly images = signal<readonly ImageCard[]>([]);
  readonly total = signal(0);
  readonly chosen = signal<ReadonlySet<string>>(new Set());
  /** Every tag of the project, as suggestions. */
  readonly tags = signal<readonly string[]>([]);
  readonly loading = signal(true);
  readonly problem = signal("");
  readonly isFiltered: ReadonlySignal<boolean> = computed(() =>
    Object.values(this.filters.value).some((value) => value !== ""),
  );
  readonly nPages: ReadonlySignal<number> = computed(() =>
    Math.max(1, Math.ceil(this.total.value / PAGE_SIZE)),
  );
  private readonly project: string;
  private readonly newest = new NewestAnswer();

  constructor(project: string) {
    this.project = project;
  }

  load(): Promise<void> {
    this.loading.value = true;
    const page = { page: this.page.value, page_size: PAGE_SIZE };
    return this.newest.ask(() => api.images(this.project, { ...this.filters.value, ...page }), {
      take: (answer) =>
        batch(() => {
          this.images.value = answer.results;
          this.total.value = answer.count;
          this.problem.value = "";
          this.keepChosen();
        }),
      fail: (error) => {
        // The last page may be gone after images were removed.
        if (this.page.value > 1 && this.images.value.length <= 1) return this.goTo(1);
        this.problem.value = sentenceOf(error);
      },
      settle: () => {
        this.loading.value = false;
      },
    });
  }

  async loadTags(): Promise<void> {
    this.tags.value = (await api.project(this.project)).tags ?? [];
  }

  filter(change: Partial<Filters>): Promise<void> {
    batch(() => {
      this.filters.value = { ...this.filters.value, ...change };
      this.page.value = 1;
    });
    return this.load();
  }

  goTo(page: number): Promise<void> {
    this.page.value = Math.min(Math.max(1, page), this.nPages.value);
    return this.load();
  }

  choose(id: string, isChosen: boolean): void {
    const next = new Set(this.chosen.value);
    if (isChosen) next.add(id);
    else next.delete(id);
    this.chosen.value = next;
  }

  chooseRange(from: string, to: string): void {
    const ids = this.images.value.map((image) => image.id);
    const [a, b] = [ids.indexOf(from), ids.indexOf(to)];
    if (a < 0 || b < 0) return;
    this.chosen.value = new Set([
      ...this.chosen.value,
      ...ids.slice(Math.min(a, b), Math.max(a, b) + 1),
    ]);
  }

  choosePage(areChosen: boolean): void {
    this.chosen.value = areChosen ? new Set(this.images.value.map((image) => image.id)) : new Set();
  }

  /** Take one image anew, if it is on the page. */
  async refresh(id: string): Promise<void> {
    if (!this.images.value.some((image) => image.id === id)) return;
    const fresh = await api.image(id);
    this.put(fresh);
  }

  /** Change every chosen image; returns one sentence per failure. */
  async changeChosen(change: (image: ImageCard) => ImageChange): Promise<readonly string[]> {
    return this.each(async (image) => this.put(await api.changeImage(image.id, change(image))));
  }

  async removeChosen(): Promise<readonly string[]> {
    const problems = await this.each(async (image) => {
      await api.removeImage(image.id);
      this.choose(image.id, false);
    });
    await this.load();
    return problems;
  }

  /** Have a failed image read again; returns why not, or nothing. */
  async retry(image: ImageCard): Promise<string> {
    try {
      this.put(await api.retryImage(image.id));
      return "";
    } catch (error) {
      return sentenceOf(error);
    }
  }

  async remove(image: ImageCard): Promise<string> {
    try {
      await api.removeImage(image.id);
    } catch (error) {
      return sentenceOf(error);
    }
    this.choose(image.id, false);
    await this.load();
    return "";
  }

  private async each(act: (image: ImageCard) => Promise<void>): Promise<readonly string[]> {
    const problems: string[] = [];
    const waiting = this.images.value.filter((image) => this.chosen.value.has(image.id));
    const work = async () => {
      for (let image = waiting.shift(); image; image = waiting.shift()) {
        try {
          await act(image);
        } catch (error) {
          problems.push(`${image.name}: ${sentenceOf(error)}`);
        }
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    return problems;
  }

  private put(fresh: ImageCard): void {
    this.images.value = this.images.value.map((image) =>
      image.id === fresh.id ? { ...image, ...fresh } : image,
    );
  }

  /** What left the page is no longer chosen: nobody sees it any more. */
  private keepChosen(): void {
    const present = new Set(this.images.value.map((image) => image.id));
    this.chosen.value = new Set([...this.chosen.value].filter((id) => present.has(id)));
  }
}

/** The filters of an address, so that reload and back keep them. */
export function filtersOf(search: string): { filters: Filters; page: number } {
  const query = new URLSearchParams(search);
  const take = (name: keyof Filters) => query.get(name) ?? "";
  const page = Number(query.get("page") ?? 1);
  return {
    filters: { name: take("name"), state: take("state"), tag: take("tag"), split: take("split") },
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

export function searchOf(filters: Filters, page: number): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value);
  if (page > 1) query.set("page", String(page));
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** Tags as typed: commas between them, no empty ones, none twice. */
export function parseTags(typed: string): readonly string[] {
  return [...new Set(typed.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
}
