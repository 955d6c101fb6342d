import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rect } from "../../src/geometry/rect";
import {
  type Area,
  areaOf,
  cropped,
  SimilarPixels,
  spansOf,
  withoutHoles,
} from "../../src/labels/similar";

const WIDE = 12;
const HIGH = 9;
const BOX = rect(100, 40, 100 + WIDE, 40 + HIGH);

const greys = fc.array(fc.constantFrom(0, 10, 11, 40, 90, 255), {
  minLength: WIDE * HIGH,
  maxLength: WIDE * HIGH,
});
const at = fc.record({ x: fc.nat(WIDE - 1), y: fc.nat(HIGH - 1) });

function pictureOf(values: readonly number[]) {
  const rgba = new Uint8ClampedArray(values.length * 4);
  values.forEach((value, i) => {
    rgba.set([value, 255 - value, 7, 255], i * 4);
  });
  return { box: BOX, rgba };
}

/** The definition, one tolerance at a time. */
function slowly(values: readonly number[], start: number, tolerance: number): string {
  const found = new Set([start]);
  for (let n = -1; n !== found.size; ) {
    n = found.size;
    for (let i = 0; i < values.length; i++) {
      const x = i % WIDE;
      const near = [x > 0 && i - 1, x < WIDE - 1 && i + 1, i - WIDE, i + WIDE];
      const isNear = near.some((one) => one !== false && found.has(one));
      const difference = Math.abs((values[i] as number) - (values[start] as number));
      if (isNear && difference <= tolerance) found.add(i);
    }
  }
  return values.map((_, i) => (found.has(i) ? "x" : ".")).join("");
}

const drawn = (area: Area) => Array.from(area.inside, (one) => (one ? "x" : ".")).join("");

describe("areas of similar colour", () => {
  it("are those that a path of similar pixels leads to, whatever was asked before", () => {
    fc.assert(
      fc.property(greys, at, fc.array(fc.nat(255), { minLength: 1 }), (values, { x, y }, asked) => {
        const found = new SimilarPixels(pictureOf(values), 100 + x, 40 + y, Infinity);
        for (const tolerance of asked) {
          expect(found.growTo(tolerance)).toBe(true);
          const area = found.area(tolerance);
          expect(drawn(area)).toBe(slowly(values, y * WIDE + x, tolerance));
          expect(area.nPixels).toBe(drawn(area).replaceAll(".", "").length);
        }
      }),
    );
  });

  it("come to the same when they are grown in short turns", () => {
    const values = Array.from({ length: 300 * 200 }, (_, i) => (i * 7919) % 97);
    const rgba = new Uint8ClampedArray(values.flatMap((one) => [one, one, one, 255]));
    const picture = { box: rect(0, 0, 300, 200), rgba };
    const inTurns = new SimilarPixels(picture, 150, 100, Infinity);
    let [turns, clock] = [1, 0];
    while (!inTurns.growTo(96, 0.5, () => clock++)) turns++;
    expect(turns).toBeGreaterThan(3);
    const atOnce = new SimilarPixels(picture, 150, 100, Infinity);
    atOnce.growTo(96);
    for (const tolerance of [0, 20, 60, 96]) {
      expect(inTurns.area(tolerance).nPixels).toBe(atOnce.area(tolerance).nPixels);
    }
    expect(inTurns.area(96).nPixels).toBe(60_000);
  });

  it("stop at the most pixels that were allowed", () => {
    const found = new SimilarPixels(pictureOf(new Array(WIDE * HIGH).fill(9)), 100, 40, 30);
    expect(found.growTo(10)).toBe(true);
    expect([found.isFull, found.area(10).nPixels]).toEqual([true, 30]);
  });
});

const masks = greys.map((values): Area => {
  const inside = Uint8Array.from(values, (one) => (one > 10 ? 1 : 0));
  return { box: BOX, inside, nPixels: inside.reduce((sum, one) => sum + one, 0) };
});

describe("areas", () => {
  it("without holes have all that was there, and no ground that cannot reach the edge", () => {
    fc.assert(
      fc.property(masks, (area) => {
        const filled = withoutHoles(area);
        expect(area.inside.every((one, i) => !one || filled.inside[i] === 1)).toBe(true);
        expect(drawn(withoutHoles(filled))).toBe(drawn(filled));
      }),
    );
    const ring = areaOf([
      { y: 1, lo: 1, hi: 4 },
      { y: 2, lo: 1, hi: 2 },
      { y: 2, lo: 3, hi: 4 },
      { y: 3, lo: 1, hi: 4 },
    ]) as Area;
    expect([ring.nPixels, withoutHoles(ring).nPixels]).toEqual([8, 9]);
  });

  it("are the same as rows, in a smaller box, and back again", () => {
    fc.assert(
      fc.property(masks, (area) => {
        const small = cropped(area);
        const spans = spansOf(area);
        expect(areaOf(spans)).toEqual(small);
        expect(small ? spansOf(small) : []).toEqual(spans);
        expect(spans.reduce((sum, { lo, hi }) => sum + hi - lo, 0)).toBe(area.nPixels);
      }),
    );
  });
});
