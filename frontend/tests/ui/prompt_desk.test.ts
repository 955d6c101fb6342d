import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PromptAnswer, PromptApi } from "../../src/api/prompts";
import { imagePoint, screenPoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import { boxToMap } from "../../src/ui/editor/map_desk";
import { PromptDesk, stepped } from "../../src/ui/editor/prompt_desk";
import type { Scene } from "../../src/ui/editor/scene";

const FOUND: PromptAnswer = {
  ...{ id: "1", state: "found", by: "stardist v1", engine: "stardist", version: "v" },
  ...{ rows: [10, 20, 24, 11, 21, 25], score: 0.8, threshold: 0.5 },
};
const place = {
  ...{ image: imagePoint(22.4, 10.6), screen: screenPoint(0, 0) },
  ...{ isShift: false, isControl: false, isAlt: false, isEraser: false },
};

let asked: {
  body: unknown;
  answer: (answer: PromptAnswer) => void;
  waits: (answer: PromptAnswer) => void;
}[];
let filled: unknown[];
let shown: unknown[];
let desk: PromptDesk;
const plane = signal({ t: 0, z: 0 });

beforeEach(() => {
  [asked, filled, shown] = [[], [], []];
  plane.value = { t: 0, z: 0 };
  const model = {
    ...{ plane, image: signal({ id: "image" }), tool: signal("prompt") },
    ...{ notices: signal([]), spoken: signal("") },
  };
  const api = {
    ask: (_id: string, body: unknown, _signal: AbortSignal, waits: () => void) =>
      new Promise((answer) => asked.push({ body, answer: answer as never, waits })),
  };
  const layer = {
    labelAt: () => 0,
    nextInstanceId: () => 7,
    instances: { classOf: () => "" },
    fillArea: async (...all: unknown[]) => filled.push(all),
  };
  const context = {
    ...{ layer, mode: "preserve", selected: 0, startsNew: true, isNewArmed: false },
    ...{ activeClass: "", select() {}, disarmNew() {}, say() {} },
    attempt: (edit: () => Promise<unknown>) => edit(),
  };
  const scene = { area: { set: (area: unknown) => shown.push(area) } } as unknown as Scene;
  desk = new PromptDesk(model as never, scene, api as unknown as PromptApi, () => context as never);
});

async function answered(answer: PromptAnswer, number = asked.length - 1) {
  asked[number]?.answer(answer);
  await vi.waitFor(() => expect(desk.prompt.value?.state).not.toBe("waiting"));
}

test("what is found is shown, and kept as one op that says who found it", async () => {
  desk.ask(place, undefined);
  expect(desk.prompt.value?.state).toBe("waiting");
  expect(asked[0]?.body).toEqual({ t: 0, z: 0, point: [10, 22] });
  await answered(FOUND);
  expect(desk.contains(imagePoint(22.5, 10.5))).toBe(true);
  expect(desk.contains(imagePoint(20.5, 11.5))).toBe(false);
  desk.keep();
  await vi.waitFor(() => expect(filled).toHaveLength(1));
  const [[found, options]] = filled as [[Record<string, unknown>, Record<string, unknown>]];
  expect(found).toMatchObject({ kind: "prompt", meta: { prompt: { by: "stardist v1" } } });
  expect(found.spans).toEqual([
    { y: 10, lo: 20, hi: 24 },
    { y: 11, lo: 21, hi: 25 },
  ]);
  expect(options).toMatchObject({ kind: "brush", instanceId: 7 });
  expect(desk.isOpen).toBe(false);
});

test("an answer that comes after Esc, another click, or on another plane is nobody's", async () => {
  desk.ask(place, undefined);
  desk.drop();
  desk.ask(place, rect(1, 2, 30, 40));
  expect(asked[1]?.body).toEqual({ t: 0, z: 0, box: [2, 1, 40, 30] });
  asked[0]?.answer({ ...FOUND, by: "late" });
  await answered(FOUND);
  expect(desk.prompt.value?.text).toContain("stardist v1");
  plane.value = { t: 0, z: 1 };
  expect(desk.isOpen).toBe(false);
  desk.keep();
  expect(filled).toEqual([]);
});

test("the wheel changes the threshold in the engine's unit, and asks again", async () => {
  expect(desk.turn(1)).toBe(false);
  desk.ask(place, undefined);
  await answered(FOUND);
  expect(desk.turn(1)).toBe(true);
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[1]?.body).toMatchObject({ threshold: 0.48 });
  expect(stepped("stardist", 0.02, 1)).toBe(0.02);
  expect(stepped("cellpose", 0, 1)).toBe(-0.25);
  expect(stepped("cellpose", 6, -1)).toBe(6);
});

test("a map covers what is in view, or its middle, within the image", () => {
  const whole = rect(0, 0, 5000, 4000);
  expect(boxToMap(rect(100, 100, 400, 300), whole)).toEqual(rect(0, 0, 528, 428));
  expect(boxToMap(rect(1000, 1000, 4000, 3000), whole)).toEqual(rect(1988, 1488, 3012, 2512));
  expect(boxToMap(rect(-50, -50, 200, 200), rect(0, 0, 150, 120))).toEqual(rect(0, 0, 150, 120));
});

describe("a question that waits for what its worker is at", () => {
  const WAITING = { state: "waiting", by: "stardist v1", engine: "stardist" } as PromptAnswer;
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("says so, and that Esc drops it; dropped it says nothing more", () => {
    desk.ask(place, undefined);
    asked[0]?.waits({ ...WAITING, is_served: true });
    expect(desk.prompt.value?.text).toBe("stardist v1 is looking…");
    vi.advanceTimersByTime(10_000);
    expect(desk.prompt.value).toMatchObject({ state: "waiting" });
    expect(desk.prompt.value?.text).toContain("at something else such as a draft");
    expect(desk.prompt.value?.text).toContain("Esc");
    desk.drop();
    vi.advanceTimersByTime(10_000);
    expect(desk.isOpen).toBe(false);
  });

  test("is not said of what was answered, nor where no worker runs", async () => {
    desk.ask(place, undefined);
    asked[0]?.waits({ ...WAITING, is_served: true });
    asked[0]?.answer(FOUND);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(desk.prompt.value?.state).toBe("found");
    desk.ask(place, undefined);
    asked[1]?.waits({ ...WAITING, is_served: false });
    vi.advanceTimersByTime(10_000);
    expect(desk.prompt.value?.text).toContain("No worker of stardist runs now");
  });
});
