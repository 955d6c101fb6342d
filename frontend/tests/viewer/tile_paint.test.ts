import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TileToken } from "../../src/api/tiles";
import type { ChannelStyle } from "../../src/viewer/channels";
import { TilePainter } from "../../src/viewer/tile_paint";

const SIZE = 4;
const style = (visible = true): ChannelStyle => ({
  ...{ name: "a", visible, colour: "#ffffff", low: 0, high: 255, gamma: 1, isInverted: false },
});

/** A canvas of one grey value, as far as the painter needs one. */
class FakeContext {
  readonly canvas = { width: 0, height: 0, getContext: () => this };
  value = 0;
  globalCompositeOperation = "source-over";

  drawImage(picture: { value: number }) {
    const isLighten = this.globalCompositeOperation === "lighten";
    this.value = isLighten ? Math.max(this.value, picture.value) : picture.value;
  }
  getImageData(_x: number, _y: number, width: number, height: number) {
    return { data: new Uint8ClampedArray(width * height * 4).fill(this.value) };
  }
  createImageData(width: number, height: number) {
    return { data: new Uint8ClampedArray(width * height * 4) };
  }
  putImageData(pixels: { data: Uint8ClampedArray }) {
    this.value = pixels.data[0] as number;
  }
}

/** Grey value of every plane; undefined where the server does not answer. */
let planes: (number | undefined)[];
let nOpen: number;
let nAsked: number;
let nTroubles: number;
let frames: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  planes = [10, 20, 30];
  nOpen = nAsked = nTroubles = 0;
  frames = [];
  vi.stubGlobal("document", { createElement: () => new FakeContext().canvas });
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  vi.stubGlobal("fetch", async (url: string) => {
    nAsked++;
    const value = planes[Number(url)];
    return { ok: value !== undefined, status: value === undefined ? 500 : 200, blob: () => value };
  });
  vi.stubGlobal("createImageBitmap", async (from: number | FakeContext["canvas"]) => {
    nOpen++;
    const value = typeof from === "number" ? from : from.getContext().value;
    return { value, width: SIZE, height: SIZE, close: () => nOpen-- };
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function painter(styles: readonly ChannelStyle[], isRgb = false): TilePainter {
  const token = {
    grant: { tile_size: SIZE },
    url: ({ plane }: { plane: number }) => String(plane),
  };
  return new TilePainter({
    token: token as unknown as TileToken,
    isRgb,
    styles,
    redraw: () => undefined,
    onTrouble: () => nTroubles++,
  });
}

async function load(made: TilePainter, column = 0, bases = [0]): Promise<FakeContext> {
  const { signal } = new AbortController();
  const picture = { name: "0", bases };
  return (await made.load({ picture, level: 0, row: 0, column, signal })) as unknown as FakeContext;
}

/** What OpenSeadragon does to a tile that its cache lets go. */
function unload(tile: FakeContext): void {
  tile.canvas.width = tile.canvas.height = 0;
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (const run of frames.splice(0)) run();
}

describe("memory", () => {
  test("as many tiles are kept as OpenSeadragon keeps, however far one moves", async () => {
    const made = painter([style()], true);
    const kept: FakeContext[] = [];
    for (let column = 0; column < 50; column++) {
      kept.push(await load(made, column));
      if (kept.length > 5) unload(kept.shift() as FakeContext);
      expect(made.tiles.length).toBeLessThanOrEqual(6);
    }
  });

  test.each([false, true])("pictures are closed once they are read; colour: %s", async (isRgb) => {
    await load(painter([style(), style()], isRgb));
    expect(nOpen).toBe(0);
  });
});

describe("a channel that is switched on", () => {
  test("is fetched once, painted, and not measured before it is there", async () => {
    const made = painter([style(), style(false)]);
    const tile = await load(made);
    expect(tile.value).toBe(10);
    made.setStyles([style(), style()]);
    for (const run of frames.splice(0)) run();
    expect(made.autoWindow(1, () => true)).toBeUndefined();
    await pass(0);
    await pass(0);
    expect(tile.value).toBe(30); // added up
    expect(nAsked).toBe(2);
    expect(made.autoWindow(1, () => true)).toBeDefined();
  });

  test("is asked for again when it could not be fetched, and the trouble is told once", async () => {
    const made = painter([style(), style(false)]);
    const tile = await load(made);
    planes[1] = undefined;
    made.setStyles([style(), style()]);
    await pass(0);
    await pass(10_000);
    expect(tile.value).toBe(10);
    expect(nTroubles).toBe(1);
    planes[1] = 20;
    await pass(60_000);
    await pass(0);
    expect(tile.value).toBe(30);
    expect(nTroubles).toBe(1);
  });

  test("is not asked for again when its tile is gone, or it was switched off", async () => {
    const made = painter([style(), style(false)]);
    const [gone, off] = [await load(made, 0), await load(made, 1)];
    planes[1] = undefined;
    made.setStyles([style(), style()]);
    await pass(0);
    const asked = nAsked;
    unload(gone);
    made.setStyles([style(), style(false)]);
    await pass(120_000);
    expect(nAsked).toBe(asked);
    planes[1] = 20;
    made.setStyles([style(), style()]);
    await pass(0);
    await pass(0);
    expect(off.value).toBe(30);
  });

  test("is left alone when the painter ends", async () => {
    const made = painter([style(), style(false)]);
    await load(made);
    planes[1] = undefined;
    made.setStyles([style(), style()]);
    await pass(0);
    const asked = nAsked;
    made.destroy();
    await pass(120_000);
    expect(nAsked).toBe(asked);
  });
});

test.each([false, true])("the picture is inverted as a whole; colour: %s", async (isRgb) => {
  const made = painter([style()], isRgb);
  const tile = await load(made);
  made.setStyles([style()], true);
  await pass(0);
  expect(tile.value).toBe(245);
  made.setStyles([{ ...style(), isInverted: true }], true);
  await pass(0);
  expect(tile.value).toBe(10);
  made.setStyles([style()], false);
  await pass(0);
  expect(tile.value).toBe(10);
  expect(made.autoWindow(0, () => true)).toBeDefined();
});

test("a picture in other colours is measured by those of the image", async () => {
  const made = painter([style()], true);
  await load(made);
  const measured = made.autoWindow(0, () => true);
  made.setStyles([style()], true);
  await pass(0);
  expect(made.autoWindow(0, () => true)).toEqual(measured);
});

describe("a stack", () => {
  test.each([false, true])("shows the channel of its plane; colour: %s", async (isRgb) => {
    const tile = await load(painter([style()], isRgb), 0, [2]);
    expect(tile.value).toBe(30);
  });

  test.each([false, true])("shows the brightest of several planes; colour: %s", async (isRgb) => {
    planes = [10, 70, 30, 40];
    const made = painter([style()], isRgb);
    const tile = await load(made, 0, [0, 1, 2]);
    expect(tile.value).toBe(70);
    expect(nAsked).toBe(3);
    expect(nOpen).toBe(0);
  });
});
