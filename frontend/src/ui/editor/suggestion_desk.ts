/** What was suggested here and why, and the way to the next suggestion. */
import type { ImageApi } from "../../api/images";
import type { Suggestion } from "../../api/round_types";
import * as texts from "../../texts";
import type { EditorModel, RegionInfo } from "./model";
import { notify } from "./notices";
import { searchWith } from "./planes";
import type { RegionDesk } from "./region_desk";

export interface SuggestionParts {
  readonly model: EditorModel;
  readonly images: ImageApi;
  readonly regions: RegionDesk;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
  readonly projectUrl: string;
  readonly navigate: (url: string) => void;
}

export class SuggestionDesk {
  readonly #parts: SuggestionParts;
  #isGoing = false;

  constructor(parts: SuggestionParts) {
    this.#parts = parts;
  }

  /** Read the suggestions; without them everything else works. */
  async load(): Promise<readonly Suggestion[]> {
    const { model, images } = this.#parts;
    const { suggestions } = await images.suggestions(model.image.value?.project ?? "");
    model.suggestions.value = suggestions;
    return suggestions;
  }

  /** The suggestion that a region was opened for. */
  of(region: RegionInfo): Suggestion | undefined {
    return this.#parts.model.suggestions.value.find((one) => one.region === region.id);
  }

  /** A region was submitted: offer the way on when it came from a suggestion. */
  submitted(region: RegionInfo, text: string): void {
    const { model } = this.#parts;
    if (!this.of(region)) {
      notify(model, text);
      return;
    }
    notify(model, text, {
      tone: "news",
      actions: [{ label: texts.regions.suggestion, run: () => this.next() }],
    });
  }

  /** Take the best open suggestion and go there; to the project page when none is left. */
  next(): void {
    const { model, images, navigate, projectUrl, attempt } = this.#parts;
    if (this.#isGoing || !model.mayAnnotate.value) return;
    this.#isGoing = true;
    void attempt(async () => {
      const open = (await this.load()).filter((one) => one.state === "open");
      const best = [...open].sort((a, b) => a.rank - b.rank)[0];
      if (!best) {
        notify(model, texts.regions.noSuggestionLeft);
        navigate(projectUrl);
        return;
      }
      const taken = await images.takeSuggestion(best.id);
      await this.#goTo(taken);
    }).finally(() => {
      this.#isGoing = false;
    });
  }

  async #goTo(taken: Suggestion): Promise<void> {
    const { model, images, regions, navigate } = this.#parts;
    const image = model.image.value?.id ?? "";
    if (taken.image.id !== image) {
      navigate(`/images/${taken.image.id}/?region=${taken.region}`);
      return;
    }
    await this.load();
    regions.setRows(await images.regions(image));
    regions.open(taken.region ?? "");
    const { plane, stackSize } = model;
    const search = searchWith(`?region=${taken.region}`, plane.value, stackSize.value);
    history.replaceState(null, "", search);
  }
}
