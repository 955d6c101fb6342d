import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { histogramPath, perValue } from "../../src/ui/editor/Histogram";
import {
  isDeeperThanView,
  leastSpan,
  type Scaled,
  storedText,
  toStored,
  toView,
} from "../../src/ui/editor/intensity";

const image = (dtype: string, low: number, high: number): Scaled => ({
  isRgb: false,
  dtype,
  channels: [{ name: "a", colour: "#ffffff", window: [low, high] }],
});

describe("stored values and the view", () => {
  test("lead back to where one began", () => {
    const number = fc.double({ min: -70_000, max: 70_000, noNaN: true });
    fc.assert(
      fc.property(number, fc.double({ min: 1, max: 70_000, noNaN: true }), number, (low, by, v) => {
        const scaled = image("uint16", low, low + by);
        const back = toStored(scaled, 0, toView(scaled, 0, v));
        expect(Math.abs(back - v)).toBeLessThan(1e-6 * (1 + Math.abs(v) + Math.abs(low)));
      }),
    );
  });

  test("the ends of the image's window are black and white", () => {
    const scaled = image("uint16", 200, 3000);
    expect([toView(scaled, 0, 200), toView(scaled, 0, 3000)]).toEqual([0, 255]);
  });

  test("a picture that has no window is the view itself", () => {
    expect(toStored({ isRgb: true, dtype: "uint8", channels: [] }, 0, 77)).toBe(77);
  });
});

test("the narrowest window of a deep image is one stored value", () => {
  const deep = image("uint16", 0, 51_000);
  expect(toStored(deep, 0, leastSpan(deep, 0))).toBeCloseTo(1, 9);
  expect(leastSpan(image("uint8", 0, 255), 0)).toBe(1);
});

test("tiles lose nothing of images with no more values than they have greys", () => {
  expect(isDeeperThanView(image("uint8", 0, 255), 0)).toBe(false);
  expect(isDeeperThanView(image("uint16", 100, 300), 0)).toBe(false);
  expect(isDeeperThanView(image("uint16", 100, 3000), 0)).toBe(true);
  expect(isDeeperThanView(image("float32", 0, 1), 0)).toBe(true);
});

test("whole numbers are shown whole", () => {
  expect(storedText(image("uint16", 0, 1), 812.4)).toBe("812");
  expect(storedText(image("float32", 0, 1), 0.123456)).toBe("0.1235");
});

test("a histogram lies where its values are in the view", () => {
  const counts = new Array(4).fill(0);
  counts[2] = 9;
  const path = histogramPath({ low: 0, high: 400, counts }, (stored) => (stored / 400) * 255);
  expect(path).toContain("H127.5V0.0H191.3");
});

test("whole numbers that are fewer than bins have a bin each, and none is lost", () => {
  const [low, high] = [97, 255];
  const counts = new Array(256).fill(0);
  for (let value = low; value <= high; value++) {
    counts[Math.min(255, Math.floor(((value - low) / (high - low)) * 256))] += value;
  }
  const made = perValue({ low, high, counts }, { dtype: "uint8" });
  expect(made.counts).toEqual(Array.from({ length: 159 }, (_, index) => low + index));
  expect([made.low, made.high]).toEqual([96.5, 255.5]);
  const wide = { low: 0, high: 5000, counts };
  expect(perValue(wide, { dtype: "uint16" })).toBe(wide);
});
