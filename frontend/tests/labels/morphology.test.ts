import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { components, enclosed } from "../../src/labels/components";
import { fillHoles, growOne, keepLargest, shrinkOne, smooth } from "../../src/labels/morphology";
import { blobs, count, drawn, isWithin, nPieces, scenes, sparesOthers, text } from "./masks";

const either = fc.oneof(scenes, blobs);

describe("pieces", () => {
  test("hang together over corners, background does not", () => {
    const { mask } = drawn("#..", ".#.", "..#");
    expect(nPieces(mask)).toBe(1);
    const ring = drawn(".#.", "#.#", ".#.");
    expect([...enclosed(ring.mask)]).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  test("are all pixels of the mask, each once, and no two touch", () => {
    fc.assert(
      fc.property(scenes, ({ mask }) => {
        const { of, sizes } = components(mask);
        const counted = sizes.map((_, piece) => of.filter((one) => one === piece).length);
        expect(counted.slice(1)).toEqual(sizes.slice(1));
        of.forEach((piece, i) => {
          expect(piece > 0).toBe(mask.on[i] === 1);
          const right = i % mask.width < mask.width - 1 ? of[i + 1] : 0;
          const below = of[i + mask.width] ?? 0;
          for (const other of [right, below]) {
            if (piece && other) expect(other).toBe(piece);
          }
        });
      }),
    );
  });
});

describe("fill holes", () => {
  test("fills what the object surrounds, not what is open and not other objects", () => {
    const { mask, free } = drawn("######.", "#.##.#.", "#####..", "#o.#.#.", "####.##");
    expect(text(fillHoles(mask, free), 7)).toEqual([
      "######.",
      "######.",
      "#####..",
      "#.##.#.",
      "####.##",
    ]);
  });

  test("is done after one time, takes nothing away and nothing of others", () => {
    fc.assert(
      fc.property(either, (scene) => {
        const filled = fillHoles(scene.mask, scene.free);
        expect(isWithin(scene.mask.on, filled)).toBe(true);
        expect(sparesOthers(scene, filled)).toBe(true);
        const free = scene.free.map((isFree, i) => (isFree && !filled[i] ? 1 : 0));
        expect([...fillHoles({ ...scene.mask, on: filled }, free)]).toEqual([...filled]);
      }),
    );
  });

  test("leaves no background that only the object surrounds", () => {
    fc.assert(
      fc.property(either, ({ mask, free }) => {
        const filled = { ...mask, on: fillHoles(mask, free) };
        const left = enclosed(filled).filter((isHole, i) => isHole && free[i]);
        expect(left.length).toBe(0);
      }),
    );
  });
});

test("the largest part is kept whole, alone, and no part was larger", () => {
  fc.assert(
    fc.property(either, ({ mask }) => {
      const kept = keepLargest(mask);
      expect(nPieces(mask, kept)).toBe(1);
      expect(isWithin(kept, mask.on)).toBe(true);
      expect(count(kept)).toBe(Math.max(...components(mask).sizes));
    }),
  );
});

describe("grow and shrink", () => {
  test("move the edge by one pixel", () => {
    const { mask, free } = drawn(".....", ".....", "..#..", ".....", ".....");
    const grown = growOne(mask, free);
    expect(text(grown, 5)).toEqual([".....", "..#..", ".###.", "..#..", "....."]);
    expect(text(shrinkOne({ ...mask, on: grown }), 5)).toEqual(text(mask.on, 5));
  });

  test("growing takes free pixels at a side only, all of them", () => {
    fc.assert(
      fc.property(either, (scene) => {
        const { mask, free } = scene;
        const grown = growOne(mask, free);
        expect(isWithin(mask.on, grown)).toBe(true);
        expect(sparesOthers(scene, grown)).toBe(true);
        grown.forEach((isOn, i) => {
          const x = i % mask.width;
          const sides = [
            x > 0 && mask.on[i - 1],
            x < mask.width - 1 && mask.on[i + 1],
            mask.on[i - mask.width],
            mask.on[i + mask.width],
          ];
          const expected = mask.on[i] || (free[i] && sides.some(Boolean)) ? 1 : 0;
          expect(isOn).toBe(expected);
        });
      }),
    );
  });

  test("what was grown and shrunk contains the object where no other is near", () => {
    fc.assert(
      fc.property(either, ({ mask }) => {
        const alone = mask.on.map((isOn) => (isOn ? 0 : 1));
        const closed = shrinkOne({ ...mask, on: growOne(mask, alone) });
        expect(isWithin(mask.on, closed)).toBe(true);
      }),
    );
  });

  test("an object does not recede from the edge of the image", () => {
    const { mask } = drawn("###", "###", "###");
    expect(count(shrinkOne(mask))).toBe(9);
  });

  test("shrinking takes pixels of the object only", () => {
    fc.assert(
      fc.property(either, ({ mask }) => {
        expect(isWithin(shrinkOne(mask), mask.on)).toBe(true);
      }),
    );
  });
});

describe("smooth", () => {
  test("takes off spikes and fills notches", () => {
    const { mask, free } = drawn(
      "...........",
      "..#######..",
      "..###.###..",
      "..#######..",
      "..#########",
      "..#######..",
      "..#######..",
      "...........",
    );
    const smoothed = text(smooth(mask, free), 11);
    expect(smoothed[2]).toBe("..#######..");
    expect(smoothed.slice(1, 7).every((row) => row.endsWith("."))).toBe(true);
  });

  test("leaves one piece, and nothing of others is taken", () => {
    fc.assert(
      fc.property(either, (scene) => {
        const smoothed = smooth(scene.mask, scene.free);
        expect(nPieces(scene.mask, smoothed)).toBeLessThanOrEqual(1);
        expect(sparesOthers(scene, smoothed)).toBe(true);
      }),
    );
  });

  test("does not tear an object at its neck", () => {
    const body = ".#####.";
    const { mask, free } = drawn(
      ...[".......", body, body, body, body, "...#...", "...#...", "...#..."],
      ...["...#...", "...#...", body, body, body, body, "......."],
    );
    const smoothed = smooth(mask, free);
    expect(nPieces(mask, smoothed)).toBe(1);
    expect(count(smoothed)).toBeGreaterThan(30);
  });

  test("leaves nothing of a line", () => {
    const { mask, free } = drawn(".......", ".#####.", ".......");
    expect(count(smooth(mask, free))).toBe(0);
  });
});
