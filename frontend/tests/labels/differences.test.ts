import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import {
  DIFFERENCE_KINDS,
  type DifferenceKind,
  Differences,
  type GroupColumns,
} from "../../src/labels/differences";

const group = (kind: DifferenceKind, a: number[], b: number[], at = 0): GroupColumns => ({
  ...{ kind, a_ids: a, b_ids: b, iou: 0.5, changed_px: 3 },
  ...{ row0: at, col0: at, row1: at + 10, col1: at + 10 },
});

describe("groups of two layers", () => {
  const found = new Differences([
    group("split", [1], [4, 5], 0),
    group("vanished", [2], [], 10),
    group("appeared", [], [1], 40),
  ]);

  test("an instance leads to its group on its own side only", () => {
    expect(found.kindOf("a", 1)).toBe("split");
    expect(found.kindOf("b", 1)).toBe("appeared");
    expect(found.placeOf("b", 5)).toBe(0);
    expect(found.kindOf("a", 4)).toBeUndefined();
  });

  test("kinds are picked out in the order of the list", () => {
    expect(found.ofKinds(new Set(["appeared", "split"]))).toEqual([0, 2]);
    expect(found.ofKinds(new Set())).toEqual([]);
  });

  test("boxes that only touch do not meet", () => {
    expect(found.within(rect(10, 10, 12, 12))).toEqual([1]);
    expect(found.within(rect(0, 0, 50, 50)).sort()).toEqual([0, 1, 2]);
    expect(new Differences([]).within(rect(0, 0, 9, 9))).toEqual([]);
  });

  test("the tree finds what a look at every box finds", () => {
    const boxes = fc.array(
      fc.record({ at: fc.nat(200), kind: fc.constantFrom(...DIFFERENCE_KINDS) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(boxes, fc.nat(200), fc.integer({ min: 1, max: 40 }), (many, at, size) => {
        const all = new Differences(many.map(({ at, kind }, i) => group(kind, [i + 1], [], at)));
        const box = rect(at, at, at + size, at + size);
        const expected = all.groups.flatMap((one, place) =>
          one.box.x0 < box.x1 && one.box.x1 > box.x0 ? [place] : [],
        );
        expect(all.within(box).sort((p, q) => p - q)).toEqual(expected);
      }),
    );
  });
});
