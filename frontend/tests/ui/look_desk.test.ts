import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PixelApi } from "../../src/api/pixels";
import type { ViewApi, ViewSettings } from "../../src/api/views";
import { LookDesk } from "../../src/ui/editor/look_desk";
import { makeModel } from "../../src/ui/editor/model";
import { ValueDesk } from "../../src/ui/editor/value_desk";
import { PLAIN_TONE } from "../../src/viewer/channels";

let model: ReturnType<typeof makeModel>;
let kept: ViewSettings;
let sent: ViewSettings[];
let isDown: boolean;

const dapi = {
  ...{ visible: true, colour: null, window: null, gamma: 2, is_inverted: false },
};
const views = {
  settings: async () => {
    if (isDown) throw new Error("down");
    return kept;
  },
  keep: async (_project: string, settings: ViewSettings) => {
    if (isDown) throw new Error("down");
    sent.push(settings);
    return settings;
  },
} as unknown as ViewApi;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", { innerWidth: 1200, addEventListener: () => undefined });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  model = makeModel();
  model.image.value = {
    ...{ id: "i", project: "p", name: "a", width: 100, height: 80, isRgb: false, nZ: 1, nT: 1 },
    ...{ pixelSizeUm: null, dtype: "uint16" },
    channels: [{ name: "DAPI", colour: "#0000ff", window: [0, 5100] }],
  };
  model.channels.value = [{ ...PLAIN_TONE, name: "DAPI", visible: true, colour: "#0000ff" }];
  kept = { channels: { DAPI: dapi, "only elsewhere": dapi }, is_inverted: false };
  [sent, isDown] = [[], false];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(): Promise<LookDesk> {
  const desk = new LookDesk(model, views);
  await desk.load(views.settings("p"));
  desk.follow();
  return desk;
}

const drag = (high: number) => {
  model.channels.value = model.channels.value.map((style) => ({ ...style, high }));
};

describe("how a person shows images", () => {
  test("is that of the project, and opening an image saves nothing", async () => {
    await opened();
    expect(model.channels.value[0]?.gamma).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([]);
  });

  test("is saved once when a slider has come to rest, with what other images have", async () => {
    await opened();
    for (const high of [200, 150, 102]) {
      drag(high);
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent.length).toBe(1);
    expect(sent[0]?.channels?.DAPI?.window).toEqual([0, 2040]);
    expect(sent[0]?.channels?.["only elsewhere"]).toEqual(dapi);
  });

  test("goes back to the image's own, which is saved too", async () => {
    const desk = await opened();
    desk.reset();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(model.channels.value[0]?.gamma).toBe(1);
    expect(sent.at(-1)?.channels?.DAPI?.gamma).toBe(1);
  });

  test("that cannot be saved is told once and sent with the next change", async () => {
    await opened();
    isDown = true;
    drag(102);
    await vi.advanceTimersByTimeAsync(1_000);
    drag(103);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(model.notices.value.length).toBe(1);
    isDown = false;
    drag(51);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent.at(-1)?.channels?.DAPI?.window).toEqual([0, 1020]);
  });

  test("that could not be read is read before anything is saved over it", async () => {
    isDown = true;
    await opened();
    isDown = false;
    drag(51);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent[0]?.channels?.["only elsewhere"]).toEqual(dapi);
  });
});

describe("values under the pointer", () => {
  const asked: string[] = [];
  let answers: ((values: number[]) => void)[] = [];
  const pixels = {
    values: (_id: string, { x, y }: { x: number; y: number }) => {
      asked.push(`${x},${y}`);
      return new Promise((answer) => answers.push(answer));
    },
  } as unknown as PixelApi;
  const point = (x: number, y: number) => {
    model.cursor.value = { x, y, label: 0, className: "" };
  };

  test("are read when it rests, of the newest place only", async () => {
    answers = [];
    const desk = new ValueDesk(model, pixels);
    point(1.5, 2.5);
    await vi.advanceTimersByTimeAsync(20);
    point(3.2, 4.9);
    await vi.advanceTimersByTimeAsync(200);
    point(3.7, 4.1); // the same pixel
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual(["3,4"]);
    point(9.1, 9.1);
    await vi.advanceTimersByTimeAsync(200);
    answers[0]?.([1]); // late, of a place that is left
    answers[1]?.([2]);
    await vi.advanceTimersByTimeAsync(0);
    expect(model.pixel.value).toEqual({ x: 9, y: 9, values: [2] });
    point(-5, 3);
    expect(model.pixel.value).toBeUndefined();
    desk.close();
  });
});
