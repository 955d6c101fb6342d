/** Channels and their contrast, between the panel and the tiles. */
import type { ImageJson } from "../../api/types";
import type { ChannelStyle } from "../../viewer/channels";
import { type EditorModel, notify } from "./model";
import type { Scene } from "./scene";

export class ContrastDesk {
  readonly #model: EditorModel;
  readonly #scene: Scene;

  constructor(model: EditorModel, scene: Scene) {
    this.#model = model;
    this.#scene = scene;
  }

  set(index: number, change: Partial<ChannelStyle>): void {
    this.#model.channels.value = this.#model.channels.value.map((style, at) =>
      at === index ? { ...style, ...change } : style,
    );
  }

  /** Fit the window to what is on screen. */
  auto(index: number): void {
    const { painter, stage } = this.#scene;
    const window = painter.autoWindow(index, (job) => stage.isOnScreen(job));
    if (window) this.set(index, { low: window[0], high: window[1], gamma: 1 });
    else notify(this.#model, "Switch the channel on first, so that there is something to measure.");
  }

  reset(index: number): void {
    this.set(index, { low: 0, high: 255, gamma: 1 });
  }
}

/** One contrast for an RGB image, else one style per channel. */
export function initialStyles(image: ImageJson): ChannelStyle[] {
  const neutral = { visible: true, low: 0, high: 255, gamma: 1 };
  if (image.is_rgb) return [{ ...neutral, name: "the image", colour: "#ffffff" }];
  const n = Math.max(1, image.n_channels ?? image.channels.length);
  return Array.from({ length: n }, (_, index) => {
    const channel = image.channels[index];
    return {
      ...neutral,
      name: channel?.name || (n === 1 ? "Grey" : `Channel ${index + 1}`),
      colour: /^#[0-9a-f]{6}$/i.test(channel?.colour ?? "") ? (channel?.colour ?? "") : "#ffffff",
    };
  });
}
