/** Channels and their contrast, between the panel and the tiles. */
import type { ImageApi } from "../../api/images";
import type { ImageJson } from "../../api/types";
import * as texts from "../../texts";
import { type ChannelStyle, PLAIN_TONE, windowFromHistogram } from "../../viewer/channels";
import { leastSpan, toView } from "./intensity";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

/** The window of a channel's stored values on screen, where they are shown. */
export type MeasureStored = (channel: number) => Promise<readonly [number, number] | undefined>;

export class ContrastDesk {
  readonly #model: EditorModel;
  readonly #scene: Scene;
  readonly #images: ImageApi;
  readonly #measure: MeasureStored;

  constructor(model: EditorModel, scene: Scene, images: ImageApi, measure: MeasureStored) {
    this.#model = model;
    this.#scene = scene;
    this.#images = images;
    this.#measure = measure;
  }

  /** Read how often each value occurs; without it contrast is set by hand or by what is in view. */
  async loadHistograms(): Promise<void> {
    const image = this.#model.image.value;
    if (image) this.#model.histograms.value = (await this.#images.histogram(image.id)).channels;
  }

  set(index: number, change: Partial<ChannelStyle>): void {
    this.#model.channels.value = this.#model.channels.value.map((style, at) =>
      at === index ? { ...style, ...change } : style,
    );
  }

  /** Fit the window to all pixels of the image. */
  auto(index: number): void {
    const image = this.#model.image.value;
    const histogram = this.#model.histograms.value[index];
    if (!image || !histogram) {
      notify(this.#model, texts.viewing.contrast.noHistogram);
      return;
    }
    const { low, high, counts } = histogram;
    const bins = windowFromHistogram(counts);
    const stored = (edge: number) => low + (edge / 256) * (high - low);
    this.#setWindow(
      index,
      toView(image, index, stored(bins[0])),
      toView(image, index, stored(bins[1] + 1)),
    );
  }

  /** Fit the window to what is on screen: to the stored values where they are shown. */
  async autoInView(index: number): Promise<void> {
    const image = this.#model.image.value;
    const stored = await this.#measure(index);
    if (image && stored) {
      this.#setWindow(index, toView(image, index, stored[0]), toView(image, index, stored[1]));
      return;
    }
    const { painter, stage } = this.#scene;
    const window = painter.autoWindow(index, (job) => stage.isOnScreen(job));
    if (window) this.#setWindow(index, window[0], window[1]);
    else notify(this.#model, texts.viewing.contrast.channelIsOff);
  }

  #setWindow(index: number, low: number, high: number): void {
    const image = this.#model.image.value;
    const least = image ? leastSpan(image, index) : 1;
    this.set(index, { low, high: Math.max(high, low + least), gamma: 1 });
  }

  /** Back to how the image is shown by itself; its colour and whether it is on are left. */
  reset(index: number): void {
    this.set(index, PLAIN_TONE);
  }

  invertPicture(): void {
    const { isPictureInverted, spoken } = this.#model;
    isPictureInverted.value = !isPictureInverted.value;
    spoken.value = isPictureInverted.value
      ? texts.viewing.contrast.inverted
      : texts.viewing.contrast.notInverted;
  }
}

/** One contrast for an RGB image, else one style per channel. */
export function initialStyles(image: ImageJson): ChannelStyle[] {
  const neutral = { visible: true, ...PLAIN_TONE };
  if (image.is_rgb)
    return [{ ...neutral, name: texts.viewing.contrast.theImage, colour: "#ffffff" }];
  const n = Math.max(1, image.n_channels ?? image.channels.length);
  return Array.from({ length: n }, (_, index) => {
    const channel = image.channels[index];
    return {
      ...neutral,
      name:
        channel?.name ||
        (n === 1 ? texts.viewing.contrast.grey : texts.viewing.contrast.channel(index + 1)),
      colour: /^#[0-9a-f]{6}$/i.test(channel?.colour ?? "") ? (channel?.colour ?? "") : "#ffffff",
    };
  });
}
