import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyToRgba,
  blendPlanes,
  type ChannelStyle,
  colourTable,
  isNeutral,
  parseColour,
  responseCurve,
  windowFromHistogram,
} from "../../src/viewer/channels";

const neutral: ChannelStyle = {
  name: "a",
  visible: true,
  colour: "#ffffff",
  low: 0,
  high: 255,
  gamma: 1,
};

describe("responseCurve", () => {
  it("never falls and stays between 0 and 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 254 }),
        fc.integer({ min: 1, max: 255 }),
        fc.double({ min: 0.25, max: 4, noNaN: true }),
        (low, width, gamma) => {
          const curve = responseCurve({ low, high: Math.min(255, low + width), gamma });
          for (let value = 1; value < 256; value++) {
            expect(curve[value]).toBeGreaterThanOrEqual(curve[value - 1] as number);
          }
          expect(Math.min(...curve)).toBeGreaterThanOrEqual(0);
          expect(Math.max(...curve)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("acts as a threshold when the window has no width", () => {
    const curve = responseCurve({ low: 100, high: 100, gamma: 1 });
    expect(curve[100]).toBe(0);
    expect(curve[101]).toBe(1);
  });
});

describe("blendPlanes", () => {
  it("shows one white grey channel as it is stored", () => {
    const grey = Uint8Array.from([0, 7, 128, 255]);
    const out = new Uint8ClampedArray(16);
    blendPlanes(out, [{ grey, table: colourTable(neutral) }]);
    expect([...out]).toEqual([0, 0, 0, 255, 7, 7, 7, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  });

  it("adds the light of two channels and clips it", () => {
    const red = colourTable({ ...neutral, colour: "#ff0000" });
    const both = colourTable({ ...neutral, colour: "#ff8000" });
    const out = new Uint8ClampedArray(4);
    const grey = Uint8Array.from([200]);
    blendPlanes(out, [
      { grey, table: red },
      { grey, table: both },
    ]);
    expect([...out]).toEqual([255, 100, 0, 255]);
  });

  it("is black and opaque when every channel is off", () => {
    const out = new Uint8ClampedArray(4);
    blendPlanes(out, []);
    expect([...out]).toEqual([0, 0, 0, 255]);
  });
});

it("leaves RGB pixels alone under a neutral style", () => {
  const pixels = Uint8ClampedArray.from([1, 2, 3, 255, 250, 128, 0, 255]);
  const before = [...pixels];
  applyToRgba(pixels, neutral);
  expect([...pixels]).toEqual(before);
  expect(isNeutral(neutral)).toBe(true);
  expect(isNeutral({ ...neutral, gamma: 1.1 })).toBe(false);
});

it("reads colours and takes white for what is none", () => {
  expect(parseColour("#0080ff")).toEqual([0, 128, 255]);
  expect(parseColour("red")).toEqual([255, 255, 255]);
});

describe("windowFromHistogram", () => {
  it("spans the values that occur", () => {
    const counts = new Array(256).fill(0);
    for (let value = 40; value <= 90; value++) counts[value] = 1000;
    const [low, high] = windowFromHistogram(counts);
    expect(low).toBe(40);
    expect(high).toBe(90);
  });

  it("keeps a width of at least one", () => {
    const counts = new Array(256).fill(0);
    counts[255] = 10;
    const [low, high] = windowFromHistogram(counts);
    expect(high).toBeGreaterThan(low);
  });

  it("covers everything when nothing was counted", () => {
    expect(windowFromHistogram([])).toEqual([0, 255]);
  });
});
