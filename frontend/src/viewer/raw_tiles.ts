/** Tiles on screen in their stored values, while the 8 bits of the ordinary tiles are too coarse. */
import type { TilePlace } from "../api/tiles";
import type { TileCanvas } from "./live_tile";
import { Newest } from "./newest";
import type { PaintedTile, PixelArray, RawAnswer, RawRequest, RawTone } from "./raw_paint";
import type { TileJob } from "./tile_source";

/** The coarsest level that the server gives stored values of. */
export const RAW_MAX_LEVEL = 3;
/** A browser has six connections, and the ordinary tiles need some. */
const AT_ONCE = 4;
/** Stored values in the worker's memory. */
const MOST_BYTES = 192 * 2 ** 20;

/** As much of a worker as is needed. */
export interface RawWorker {
  postMessage(request: RawRequest, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<RawAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

export interface RawOptions {
  readonly fetchTile: (place: TilePlace, signal: AbortSignal) => Promise<PixelArray>;
  readonly makeWorker: () => RawWorker;
  /** How much of a tile lies in the image. */
  readonly sizeOf: (job: TileJob) => { readonly width: number; readonly height: number };
  /** The canvases on screen that show the level of the present view. */
  readonly canvases: () => readonly TileCanvas[];
  readonly lend: (canvas: TileCanvas) => void;
  readonly giveBack: (canvas: TileCanvas) => void;
  readonly redraw: () => void;
  /** It cannot be done; the ordinary tiles are shown. */
  readonly onTrouble: (error: unknown) => void;
}

export interface RawLook {
  readonly tones: readonly RawTone[];
  readonly isInverted: boolean;
}

type Window = readonly [low: number, high: number];

interface Held {
  readonly channels: Set<number>;
  bytes: number;
}

const keyOf = ({ picture, level, column, row }: TileJob) =>
  `${picture.name}/${level}/${column}_${row}`;

export class RawTiles {
  readonly #options: RawOptions;
  readonly #steps = new Newest<void>(() => this.#paint());
  #worker: RawWorker | undefined;
  #look: RawLook | undefined;
  #abort = new AbortController();
  /** What the worker keeps, the least recently wanted first. */
  #held = new Map<string, Held>();
  #bytes = 0;
  readonly #asked = new Set<string>();
  #queue: { readonly job: TileJob; readonly channel: number }[] = [];
  #nActive = 0;
  /** Canvases that show stored values now. */
  #lent = new Map<TileCanvas["context"], TileCanvas>();
  #painted: ((tiles: readonly PaintedTile[]) => void) | undefined;
  /** Answers come in the order in which they were asked for. */
  #measured: ((window: Window | undefined) => void)[] = [];

  constructor(options: RawOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#look !== undefined;
  }

  /** Show stored values in this look; undefined for the ordinary tiles again. */
  show(look: RawLook | undefined): void {
    const wasOn = this.isOn;
    this.#look = look;
    if (look) this.refresh();
    else if (wasOn) this.#stop();
  }

  /** The view has moved, tiles have come, or the look is another. */
  refresh(): void {
    if (!this.#look) return;
    const canvases = this.#wanted();
    const keys = canvases.map((one) => keyOf(one.job));
    this.#giveBackAllBut(canvases);
    this.#makeRoom(new Set(keys));
    this.#queue = canvases.flatMap(({ job }) => this.#missing(job));
    this.#next();
    this.#steps.ask();
  }

  /** The window of a channel's stored values on screen; undefined where they are not shown. */
  async measure(channel: number): Promise<Window | undefined> {
    const keys = this.#wanted()
      .map(({ job }) => keyOf(job))
      .filter((key) => this.#held.get(key)?.channels.has(channel));
    if (!this.#look || keys.length === 0) return undefined;
    const measured = new Promise<Window | undefined>((answer) => this.#measured.push(answer));
    this.#send({ kind: "measure", keys, channel }, []);
    return measured;
  }

  destroy(): void {
    this.#look = undefined;
    this.#stop();
  }

  #wanted(): readonly TileCanvas[] {
    const canvases = this.#options.canvases();
    return canvases.filter(
      ({ job }) => job.level <= RAW_MAX_LEVEL && job.picture.bases.length === 1,
    );
  }

  #visibleChannels(): number[] {
    return (this.#look?.tones ?? []).flatMap((tone, channel) => (tone.visible ? [channel] : []));
  }

  #missing(job: TileJob): { job: TileJob; channel: number }[] {
    const key = keyOf(job);
    const held = this.#held.get(key);
    return this.#visibleChannels()
      .filter((channel) => !held?.channels.has(channel) && !this.#asked.has(`${key}/${channel}`))
      .map((channel) => ({ job, channel }));
  }

  #next(): void {
    while (this.#nActive < AT_ONCE && this.#look && this.#bytes < MOST_BYTES) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#nActive++;
      void this.#fetch(next.job, next.channel).finally(() => {
        this.#nActive--;
        this.#next();
      });
    }
  }

  async #fetch(job: TileJob, channel: number): Promise<void> {
    const key = keyOf(job);
    const name = `${key}/${channel}`;
    const { signal } = this.#abort;
    this.#asked.add(name);
    try {
      const { level, column, row, picture } = job;
      const plane = (picture.bases[0] ?? 0) + channel;
      const values = await this.#options.fetchTile({ plane, level, column, row }, signal);
      if (signal.aborted) return;
      this.#keep(key, channel, values);
      this.#steps.ask();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    } finally {
      this.#asked.delete(name);
    }
  }

  #keep(key: string, channel: number, values: PixelArray): void {
    const held = this.#held.get(key) ?? { channels: new Set<number>(), bytes: 0 };
    held.channels.add(channel);
    held.bytes += values.byteLength;
    this.#bytes += values.byteLength;
    this.#held.set(key, held);
    this.#send({ kind: "keep", key, channel, values }, [values.buffer as ArrayBuffer]);
  }

  /** Forget what is not on screen, the least recently wanted first, when memory is short. */
  #makeRoom(wanted: ReadonlySet<string>): void {
    for (const key of wanted) {
      const held = this.#held.get(key);
      if (!held) continue;
      this.#held.delete(key);
      this.#held.set(key, held);
    }
    const gone: string[] = [];
    for (const [key, held] of this.#held) {
      if (this.#bytes < MOST_BYTES / 2) break;
      if (wanted.has(key)) continue;
      this.#bytes -= held.bytes;
      this.#held.delete(key);
      gone.push(key);
    }
    if (gone.length > 0) this.#send({ kind: "forget", keys: gone }, []);
  }

  /** Have all canvases on screen painted whose values are there. */
  async #paint(): Promise<void> {
    const look = this.#look;
    if (!look) return;
    const channels = this.#visibleChannels();
    const canvases = this.#wanted().filter(({ job }) => {
      const held = this.#held.get(keyOf(job));
      return held !== undefined && channels.every((channel) => held.channels.has(channel));
    });
    if (canvases.length === 0) return;
    const painted = new Promise<readonly PaintedTile[]>((answer) => {
      this.#painted = answer;
    });
    const keys = canvases.map(({ job }) => keyOf(job));
    if (!this.#send({ kind: "paint", keys, ...look }, [])) return;
    const tiles = new Map((await painted).map((tile) => [tile.key, tile.pixels]));
    if (!this.#look) return;
    for (const canvas of canvases) this.#put(canvas, tiles.get(keyOf(canvas.job)));
    this.#options.redraw();
  }

  #put(canvas: TileCanvas, pixels: Uint8ClampedArray<ArrayBuffer> | undefined): void {
    const { context, job } = canvas;
    // OpenSeadragon may have let it go meanwhile.
    if (!pixels || context.canvas.width === 0) return;
    const { width, height } = this.#options.sizeOf(job);
    // Tiles at the border are filled up with it; stored values end where the image does.
    context.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.#options.lend(canvas);
    this.#lent.set(context, canvas);
  }

  #giveBackAllBut(canvases: readonly TileCanvas[]): void {
    const kept = new Set(canvases.map((one) => one.context));
    for (const [context, canvas] of this.#lent) {
      if (kept.has(context)) continue;
      this.#lent.delete(context);
      if (context.canvas.width > 0) this.#options.giveBack(canvas);
    }
  }

  #send(request: RawRequest, transfer: Transferable[]): boolean {
    try {
      this.#worker ??= this.#startWorker();
      this.#worker.postMessage(request, transfer);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #startWorker(): RawWorker {
    const worker = this.#options.makeWorker();
    worker.onmessage = ({ data }) => {
      if (data.kind === "painted") this.#painted?.(data.tiles);
      else this.#measured.shift()?.(data.window);
    };
    worker.onerror = (event) => this.#fail(event.error ?? event.message);
    return worker;
  }

  #fail(error: unknown): void {
    if (!this.#look) return;
    this.#look = undefined;
    this.#stop();
    this.#options.onTrouble(error);
  }

  /** Let everything go: the ordinary tiles are painted again. */
  #stop(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#queue = [];
    this.#steps.clear();
    this.#painted?.([]);
    for (const answer of this.#measured.splice(0)) answer(undefined);
    this.#giveBackAllBut([]);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#held = new Map();
    this.#bytes = 0;
  }
}
