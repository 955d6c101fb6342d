import { beforeEach, describe, expect, test, vi } from "vitest";
import type { TileCanvas } from "../../src/viewer/live_tile";
import {
  type RawAnswer,
  type RawRequest,
  RawStore,
  type RawTone,
} from "../../src/viewer/raw_paint";
import { RAW_MAX_LEVEL, RawTiles, type RawWorker } from "../../src/viewer/raw_tiles";

const SIDE = 2;
const tone = (high: number, visible = true): RawTone => ({
  ...{ visible, colour: "#ffffff", low: 0, high, gamma: 1, isInverted: false },
});

/** Paints as the real one does, when it is told to answer. */
class HeldWorker implements RawWorker {
  onmessage: RawWorker["onmessage"] = null;
  onerror: RawWorker["onerror"] = null;
  readonly store = new RawStore();
  readonly requests: RawRequest[] = [];
  waiting: RawRequest[] = [];
  isEnded = false;

  postMessage(request: RawRequest): void {
    this.requests.push(request);
    if (request.kind === "keep") this.store.keep(request.key, request.channel, request.values);
    else if (request.kind === "forget") this.store.forget(request.keys);
    else this.waiting.push(request);
  }
  answer(): void {
    const request = this.waiting.shift();
    if (request?.kind === "paint") this.#say({ kind: "painted", tiles: this.store.paint(request) });
    else if (request?.kind === "measure") {
      const window = this.store.measure(request.keys, request.channel);
      this.#say({ kind: "measured", window });
    } else throw new Error("nothing was asked");
  }
  #say(data: RawAnswer): void {
    this.onmessage?.({ data } as MessageEvent<RawAnswer>);
  }
  terminate(): void {
    this.isEnded = true;
  }
}

function canvas(column: number, level = 0, bases = [0]): TileCanvas & { shown: number[] } {
  const shown: number[] = [];
  const context = {
    canvas: { width: SIDE, height: SIDE },
    putImageData: (picture: { data: Uint8ClampedArray }) => shown.push(picture.data[0] as number),
  } as unknown as CanvasRenderingContext2D;
  const { signal } = new AbortController();
  const job = { picture: { name: "0-0", bases }, level, column, row: 0, signal };
  return { context, job, width: SIDE, height: SIDE, shown };
}

let worker: HeldWorker;
let screen: TileCanvas[];
let lent: Set<TileCanvas>;
let troubles: unknown[];
let answers: { plane: number; give: (value: number) => void; refuse: (why: Error) => void }[];
let tiles: RawTiles;

const settled = async () => {
  for (let tick = 0; tick < 20; tick++) await Promise.resolve();
};

beforeEach(() => {
  vi.stubGlobal(
    "ImageData",
    class {
      readonly data: Uint8ClampedArray;
      constructor(data: Uint8ClampedArray) {
        this.data = data;
      }
    },
  );
  worker = new HeldWorker();
  [screen, lent, troubles, answers] = [[], new Set(), [], []];
  tiles = new RawTiles({
    fetchTile: ({ plane }, signal) =>
      new Promise((give, refuse) => {
        signal.addEventListener("abort", () => refuse(new Error("aborted")));
        answers.push({
          plane,
          give: (value) => give(new Uint16Array(SIDE * SIDE).fill(value)),
          refuse,
        });
      }),
    makeWorker: () => worker,
    sizeOf: () => ({ width: SIDE, height: SIDE }),
    canvases: () => screen,
    lend: (one) => lent.add(one),
    giveBack: (one) => lent.delete(one),
    redraw: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  return () => vi.unstubAllGlobals();
});

describe("stored values of tiles on screen", () => {
  test("are fetched once per channel that is on, and painted in the newest look", async () => {
    const tile = canvas(0);
    screen = [tile];
    tiles.show({ tones: [tone(1000), tone(1000, false)], isInverted: false });
    expect(answers.map((one) => one.plane)).toEqual([0]);
    answers[0]?.give(500);
    await settled();
    // The step under way is the only one, however many looks follow it.
    for (const high of [2000, 3000, 500]) {
      tiles.show({ tones: [tone(high), tone(high, false)], isInverted: false });
    }
    await settled();
    expect(worker.waiting.length).toBe(1);
    worker.answer();
    await settled();
    worker.answer();
    await settled();
    expect(tile.shown).toEqual([128, 255]);
    expect(worker.waiting.length).toBe(0);
    expect(lent.has(tile)).toBe(true);
    expect(answers.length).toBe(1);
  });

  test("are left to the ordinary tiles again when they are not wanted", async () => {
    screen = [canvas(0)];
    tiles.show({ tones: [tone(1000)], isInverted: false });
    answers[0]?.give(5);
    await settled();
    worker.answer();
    await settled();
    expect(lent.size).toBe(1);
    tiles.show(undefined);
    expect(lent.size).toBe(0);
    expect(worker.isEnded).toBe(true);
  });

  test("a canvas that OpenSeadragon has let go is not painted", async () => {
    const tile = canvas(0);
    screen = [tile];
    tiles.show({ tones: [tone(1000)], isInverted: false });
    answers[0]?.give(5);
    await settled();
    tile.context.canvas.width = 0;
    worker.answer();
    await settled();
    expect(tile.shown).toEqual([]);
    expect(lent.size).toBe(0);
  });

  test("are not asked for of coarse levels or of a maximum of planes", () => {
    screen = [canvas(0, RAW_MAX_LEVEL + 1), canvas(0, 0, [0, 1])];
    tiles.show({ tones: [tone(1000)], isInverted: false });
    expect(answers).toEqual([]);
  });

  test("trouble ends it, is told once, and a new look tries again", async () => {
    screen = [canvas(0), canvas(1)];
    tiles.show({ tones: [tone(1000)], isInverted: false });
    answers[0]?.refuse(new Error("no pixels"));
    await settled();
    expect(troubles).toEqual([new Error("no pixels")]);
    expect(tiles.isOn).toBe(false);
    tiles.show({ tones: [tone(1000)], isInverted: false });
    expect(tiles.isOn).toBe(true);
    expect(answers.length).toBe(4);
  });

  test("are measured for a window, where they are shown", async () => {
    screen = [canvas(0), canvas(1)];
    expect(await tiles.measure(0)).toBeUndefined();
    tiles.show({ tones: [tone(1000)], isInverted: false });
    answers[0]?.give(5);
    answers[1]?.give(900);
    await settled();
    const measured = tiles.measure(0);
    while (worker.waiting.length > 0) worker.answer();
    expect(await measured).toEqual([5, 900]);
    // Nobody waits for ever when it ends meanwhile.
    const late = tiles.measure(0);
    tiles.show(undefined);
    expect(await late).toBeUndefined();
  });

  test("a worker that fails is trouble too", async () => {
    screen = [canvas(0)];
    tiles.show({ tones: [tone(1000)], isInverted: false });
    answers[0]?.give(5);
    await settled();
    worker.onerror?.({ message: "broken" } as ErrorEvent);
    expect(troubles).toEqual(["broken"]);
  });
});
