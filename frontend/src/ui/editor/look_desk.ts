/** Keeps how a person shows the images of a project: read when one is opened, saved when it changes. */
import { batch, effect } from "@preact/signals";
import type { ViewApi, ViewSettings } from "../../api/views";
import * as texts from "../../texts";
import type { ChannelStyle } from "../../viewer/channels";
import type { ColourBy } from "./colour_choice";
import { keptStyles, looksOf } from "./look";
import type { EditorModel } from "./model";
import { notify } from "./notices";

/** While a slider moves nothing is sent. */
const SAVE_AFTER_MS = 800;
const COLOUR_BY: readonly string[] = ["instance", "class", "state"] satisfies ColourBy[];

export class LookDesk {
  readonly #model: EditorModel;
  readonly #views: ViewApi;
  /** How the image is shown by itself. */
  readonly #own: readonly ChannelStyle[];
  /** Also of channels that this image does not have. */
  #kept: ViewSettings | undefined;
  #saved = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasToldTrouble = false;
  readonly #abort = new AbortController();
  #dispose = () => {};

  /** @param model with the styles that the image has by itself */
  constructor(model: EditorModel, views: ViewApi) {
    this.#model = model;
    this.#views = views;
    this.#own = model.channels.value;
  }

  /** Show the image as the person showed others of the project; without an answer by itself. */
  async load(asked: Promise<ViewSettings>): Promise<void> {
    try {
      this.#kept = await asked;
      this.#apply(this.#kept);
    } catch {
      // Read again before anything is saved, so that what is kept of other channels stays.
    }
    this.#saved = JSON.stringify(this.#chosen());
  }

  #apply(kept: ViewSettings): void {
    const model = this.#model;
    const image = model.image.value;
    if (!image) return;
    batch(() => {
      model.channels.value = keptStyles(this.#own, kept, image);
      model.isPictureInverted.value = kept.is_inverted;
      if (!kept.labels) return;
      model.labelStyle.value = kept.labels.drawn;
      model.opacity.value = kept.labels.opacity;
      model.draftOpacity.value = kept.labels.draft_opacity;
      const by = kept.labels.colour_by;
      if (COLOUR_BY.includes(by)) model.colourBy.value = by as ColourBy;
    });
  }

  /** Save from now on what changes. */
  follow(): void {
    this.#dispose = effect(() => {
      const chosen = JSON.stringify(this.#chosen());
      clearTimeout(this.#timer);
      if (chosen === this.#saved) return;
      this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
    });
    window.addEventListener("pagehide", () => void this.save(true), {
      signal: this.#abort.signal,
    });
  }

  /** Show the image as it is by itself, and keep that for the project. */
  reset(): void {
    batch(() => {
      this.#model.channels.value = this.#own;
      this.#model.isPictureInverted.value = false;
    });
    notify(this.#model, texts.viewing.look.asTheImageHasIt);
  }

  async save(isLeaving = false): Promise<void> {
    clearTimeout(this.#timer);
    const image = this.#model.image.value;
    const chosen = this.#chosen();
    const text = JSON.stringify(chosen);
    if (!image || text === this.#saved) return;
    try {
      this.#kept ??= await this.#views.settings(image.project);
      const settings = {
        ...chosen,
        channels: { ...this.#kept.channels, ...chosen.channels },
      };
      this.#kept = await this.#views.keep(image.project, settings, isLeaving);
      this.#saved = text;
    } catch {
      this.#tellTrouble();
    }
  }

  #tellTrouble(): void {
    if (this.#hasToldTrouble) return;
    this.#hasToldTrouble = true;
    const text = texts.viewing.look.notSaved;
    notify(this.#model, text, { tone: "problem" });
  }

  #chosen(): ViewSettings {
    const model = this.#model;
    const image = model.image.value;
    return {
      channels: image ? looksOf(model.channels.value, this.#own, image) : {},
      is_inverted: model.isPictureInverted.value,
      labels: {
        drawn: model.labelStyle.value,
        colour_by: model.colourBy.value,
        opacity: model.opacity.value,
        draft_opacity: model.draftOpacity.value,
      },
    };
  }

  close(): void {
    void this.save();
    this.#abort.abort();
    this.#dispose();
    clearTimeout(this.#timer);
  }
}
