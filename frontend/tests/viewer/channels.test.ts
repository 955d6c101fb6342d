import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyToRgba,
  blendPlanes,
  brightnessAt,
  type ChannelStyle,
  colourTable,
  invertLightness,
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
  isInverted: false,
};

describe("responseCurve", () => {
  it("never falls and stays between 0 and 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 254 }),
        fc.integer({ min: 1, max: 255 }),
        fc.double({ min: 0.25, max: 4, noNaN: true }),
        (low, width, gamma) => {
          const curve = responseCurve({ ...neutral, low, high: Math.min(255, low + width), gamma });
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
    const curve = responseCurve({ ...neutral, low: 100, high: 100 });
    expect(curve[100]).toBe(0);
    expect(curve[101]).toBe(1);
  });
});

describe("laws of brightness", () => {
  const shares = fc.double({ min: -1, max: 2, noNaN: true });
  const gammas = fc.double({ min: 0.25, max: 4, noNaN: true });

  it("an inverted channel is dark where the other is bright, by as much", () => {
    fc.assert(
      fc.property(shares, gammas, (share, gamma) => {
        const straight = brightnessAt(share, { gamma, isInverted: false });
        expect(straight + brightnessAt(share, { gamma, isInverted: true })).toBeCloseTo(1, 12);
      }),
    );
  });

  it("gamma 1 changes nothing inside the window", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        expect(brightnessAt(share, { gamma: 1, isInverted: false })).toBe(share);
      }),
    );
  });

  it("a picture that is inverted twice is the same, and grey is mirrored", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }), (colour) => {
        const pixels = Uint8ClampedArray.from([...colour, 255]);
        invertLightness(pixels);
        const [r, g, b] = [...pixels] as [number, number, number];
        // Hue: the order of the colours and their distances stay.
        expect([r - g, g - b]).toEqual([
          (colour[0] as number) - (colour[1] as number),
          (colour[1] as number) - (colour[2] as number),
        ]);
        expect(Math.max(r, g, b)).toBe(255 - Math.min(...colour));
        invertLightness(pixels);
        expect([...pixels]).toEqual([...colour, 255]);
      }),
    );
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
