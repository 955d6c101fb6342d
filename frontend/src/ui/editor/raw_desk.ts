/** Decides when the picture is shown in stored values rather than from 8-bit tiles. */
import { effect } from "@preact/signals";
import { ApiError, NetworkError } from "../../api/client";
import type { PixelApi } from "../../api/pixels";
import * as texts from "../../texts";
import { type ChannelStyle, coarsestStep } from "../../viewer/channels";
import type { RawTone } from "../../viewer/raw_paint";
import { RAW_MAX_LEVEL, type RawLook, RawTiles } from "../../viewer/raw_tiles";
import { isDeeperThanView, type Scaled, toStored } from "./intensity";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

/** Steps of the screen's 256 between neighbouring greys from which on people see bands. */
const VISIBLE_STEP = 4;
/** Tiles that arrive together are asked for together. */
const SETTLE_MS = 80;

export class RawDesk {
  readonly #model: EditorModel;
  readonly #scene: Scene;
  readonly #tiles: RawTiles;
  readonly #disposers: (() => void)[];
  #hasFailed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: EditorModel, scene: Scene, pixels: PixelApi) {
    this.#model = model;
    this.#scene = scene;
    const { painter, stage } = scene;
    const { id, dtype } = model.image.value ?? { id: "", dtype: "" };
    this.#tiles = new RawTiles({
      fetchTile: (place, signal) => pixels.rawTile(id, dtype, place, signal),
      makeWorker: () =>
        new Worker(new URL("../../viewer/raw_worker.ts", import.meta.url), { type: "module" }),
      sizeOf: (job) => stage.grid.sizeOf(job),
      canvases: () => {
        const level = stage.level();
        const shown = painter.canvases((job) => job.level >= level && stage.isOnScreen(job));
        const finest = Math.min(...shown.map(({ job }) => job.level));
        return shown.filter(({ job }) => job.level === finest);
      },
      lend: ({ context }) => painter.lend(context),
      giveBack: ({ context }) => painter.giveBack(context),
      redraw: () => stage.redrawTiles(),
      onTrouble: (error) => this.#failed(error),
    });
    this.#disposers = [
      effect(() => this.#follow()),
      stage.onDrawn(() => this.#drawn()),
      painter.onTile(() => this.#drawn()),
    ];
  }

  /** Show stored values always, or only where they are needed. */
  setFullDepth(isOn: boolean): void {
    this.#hasFailed = false;
    this.#model.isFullDepth.value = isOn;
    this.#follow();
  }

  /** The window of a channel's stored values on screen; undefined while the tiles are shown. */
  measure(channel: number): Promise<readonly [number, number] | undefined> {
    return this.#tiles.measure(channel);
  }

  #follow(): void {
    const { image, channels, isPictureInverted, isFullDepth, isProjected } = this.#model;
    const shown = image.value;
    const isWanted =
      shown !== undefined &&
      !isProjected.value &&
      (isFullDepth.value || needsStored(shown, channels.value));
    let look: RawLook | undefined;
    if (isWanted && !this.#hasFailed) {
      const tones = channels.value.map((style, index) => rawTone(shown, style, index));
      look = { tones, isInverted: isPictureInverted.value };
    }
    this.#tiles.show(look);
    this.#tell();
  }

  #drawn(): void {
    this.#tell();
    if (!this.#tiles.isOn || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tiles.refresh();
    }, SETTLE_MS);
  }

  #tell(): void {
    const isFar = this.#scene.stage.level() > RAW_MAX_LEVEL;
    this.#model.depth.value = !this.#tiles.isOn ? "tiles" : isFar ? "far" : "stored";
  }

  #failed(error: unknown): void {
    this.#hasFailed = true;
    this.#model.isFullDepth.value = false;
    this.#model.depth.value = "tiles";
    const isTold = error instanceof ApiError || error instanceof NetworkError;
    const why = isTold ? ` ${error.message}` : "";
    const text = texts.viewing.depth.notShown(why);
    notify(this.#model, text, { tone: "problem" });
    if (!isTold) console.error(error);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const dispose of this.#disposers) dispose();
    this.#tiles.destroy();
  }
}

/** Whether a channel's contrast shows bands, or more than the tiles hold. */
export function needsStored(image: Scaled, styles: readonly ChannelStyle[]): boolean {
  return styles.some(
    (style, index) =>
      style.visible &&
      isDeeperThanView(image, index) &&
      (coarsestStep(style) > VISIBLE_STEP || style.low < 0 || style.high > 255),
  );
}

function rawTone(image: Scaled, style: ChannelStyle, index: number): RawTone {
  const { visible, colour, gamma, isInverted } = style;
  return {
    ...{ visible, colour, gamma, isInverted },
    low: toStored(image, index, style.low),
    high: toStored(image, index, style.high),
  };
}
