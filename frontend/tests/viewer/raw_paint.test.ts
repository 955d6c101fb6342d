import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blendPlanes, coarsestStep, colourTable, PLAIN_TONE } from "../../src/viewer/channels";
import { N_SHADES, RawStore, type RawTone, shadesOf, shadeTable } from "../../src/viewer/raw_paint";

const tone = (change: Partial<RawTone> = {}): RawTone => ({
  ...PLAIN_TONE,
  visible: true,
  colour: "#ffffff",
  ...change,
});
const gammas = fc.double({ min: 0.25, max: 4, noNaN: true });
const values16 = fc.array(fc.nat(65_535), { minLength: 1, maxLength: 60 });
const windows = fc.tuple(fc.nat(60_000), fc.integer({ min: 1, max: 65_535 }));

function painted(values: Uint16Array | Float32Array, one: RawTone, isInverted = false) {
  const store = new RawStore();
  store.keep("a", 0, values);
  const [tile] = store.paint({ keys: ["a"], tones: [one], isInverted });
  return tile?.pixels ?? new Uint8ClampedArray();
}

describe("stored values on the screen", () => {
  it("a brighter value is never darker, whatever window and gamma; inverted never brighter", () => {
    fc.assert(
      fc.property(
        values16,
        windows,
        gammas,
        fc.boolean(),
        ([...raw], [low, by], gamma, isInverted) => {
          const sorted = Uint16Array.from(raw).sort();
          const out = painted(sorted, tone({ low, high: low + by, gamma, isInverted }));
          for (let at = 4; at < out.length; at += 4) {
            const step = (out[at] as number) - (out[at - 4] as number);
            expect(isInverted ? -step : step).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  it("the ends of the window are black and white, also of the narrowest", () => {
    fc.assert(
      fc.property(fc.nat(65_534), gammas, (low, gamma) => {
        const out = painted(Uint16Array.of(low, low + 1), tone({ low, high: low + 1, gamma }));
        expect([out[0], out[4]]).toEqual([0, 255]);
      }),
      { numRuns: 30 },
    );
  });

  it("an inverted channel, or picture, is the negative of the other", () => {
    fc.assert(
      fc.property(values16, windows, ([...raw], [low, by]) => {
        const values = Uint16Array.from(raw);
        const straight = painted(values, tone({ low, high: low + by }));
        const channel = painted(values, tone({ low, high: low + by, isInverted: true }));
        const picture = painted(values, tone({ low, high: low + by }), true);
        for (let at = 0; at < straight.length; at += 4) {
          expect(picture[at]).toBe(255 - (straight[at] as number));
          // Rounded once from each side.
          expect(Math.abs((channel[at] as number) + (straight[at] as number) - 255)).toBeLessThan(
            2,
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it("8-bit values look as the ordinary tiles do", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    const out = new Uint8ClampedArray(bytes.length * 4);
    blendPlanes(out, [{ grey: bytes, table: colourTable({ ...tone(), name: "a" }) }]);
    const raw = painted(Uint16Array.from(bytes), tone());
    expect([...raw]).toEqual([...out]);
  });

  it("what lies between two greys of the tiles is told apart", () => {
    const values = Uint16Array.from({ length: 200 }, (_, index) => 30_000 + index);
    const out = painted(values, tone({ low: 30_000, high: 30_199 }));
    const greys = new Set([...out].filter((_, index) => index % 4 === 0));
    expect(greys.size).toBe(200);
  });

  it("a channel that is off, or not here, is black", () => {
    expect([...painted(Uint16Array.of(9), tone({ visible: false }))]).toEqual([0, 0, 0, 255]);
    const store = new RawStore();
    store.keep("a", 0, Uint16Array.of(255));
    const tones = [tone({ colour: "#ff0000" }), tone({ colour: "#00ff00" })];
    const [one] = store.paint({ keys: ["a", "b"], tones, isInverted: false });
    expect([...(one?.pixels ?? [])]).toEqual([255, 0, 0, 255]);
    store.forget(["a"]);
    expect(store.paint({ keys: ["a"], tones, isInverted: false })).toEqual([]);
  });

  it("shades stay inside the table for any number", () => {
    const odd = Float32Array.of(-1e30, 1e30, Number.NaN, Number.POSITIVE_INFINITY);
    for (const shade of shadesOf(odd, tone({ low: 0, high: 1 }))) {
      expect(shade).toBeLessThan(N_SHADES);
    }
    expect(shadeTable(tone()).red.length).toBe(N_SHADES);
  });
});

it("bands are expected where the window is narrow, or gamma steep", () => {
  expect(coarsestStep(PLAIN_TONE)).toBeCloseTo(1, 9);
  expect(coarsestStep({ low: 10, high: 20, gamma: 1 })).toBeCloseTo(25.5, 9);
  expect(coarsestStep({ low: 0, high: 255, gamma: 2 })).toBeGreaterThan(4);
  expect(coarsestStep({ low: 0, high: 255, gamma: 0.4 })).toBeGreaterThan(2);
});
