import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { InstanceRow } from "../../src/labels/instance_rows";
import {
  alongHilbert,
  inOrder,
  isMeant,
  REVIEW_ORDERS,
  type ReviewFilter,
} from "../../src/labels/review_order";

const row = (id: number, more: Partial<InstanceRow> = {}): InstanceRow => ({
  ...{ id, areaPx: 10, box: rect(0, 0, 4, 4), t: 0, z: 0, depth: 1 },
  ...{ state: "proposed", score: 0.5, doubt: null, className: "" },
  ...more,
});
const index = (rows: readonly InstanceRow[]) => new Map(rows.map((one) => [one.id, one]));

describe("the order of review", () => {
  const rows = index([
    row(1, { score: 0.9, areaPx: 50, box: rect(900, 900, 910, 910) }),
    row(2, { score: 0.2, areaPx: 900, box: rect(0, 0, 10, 10) }),
    row(3, { score: null, areaPx: 7, box: rect(880, 900, 890, 910) }),
    row(4, { score: 0.4, areaPx: 60, box: rect(20, 0, 30, 10) }),
  ]);

  test("is by doubt as given, by score, by size, or by the way", () => {
    expect(inOrder([3, 1, 2, 4], rows, "doubt")).toEqual([3, 1, 2, 4]);
    expect(inOrder([3, 1, 2, 4], rows, "score")).toEqual([2, 4, 1, 3]);
    expect(inOrder([3, 1, 2, 4], rows, "size")).toEqual([2, 4, 1, 3]);
    const way = inOrder([3, 1, 2, 4], rows, "near");
    expect(Math.abs(way.indexOf(2) - way.indexOf(4))).toBe(1);
    expect(Math.abs(way.indexOf(1) - way.indexOf(3))).toBe(1);
  });

  test("plane comes after plane", () => {
    const stack = index([row(1, { z: 2 }), row(2, { z: 0, box: rect(9000, 9000, 9004, 9004) })]);
    expect(inOrder([1, 2], stack, "near")).toEqual([2, 1]);
  });

  test("loses and invents nothing", () => {
    const many = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 60 });
    fc.assert(
      fc.property(many, fc.constantFrom(...REVIEW_ORDERS), (ids, order) => {
        const known = index(ids.map((id) => row(id, { areaPx: id % 7, score: (id % 5) / 5 })));
        expect(inOrder(ids, known, order).sort()).toEqual([...ids].sort());
      }),
    );
  });
});

test("the curve goes through every cell once, from neighbour to neighbour", () => {
  const cells: [number, number, number][] = [];
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) cells.push([alongHilbert(x * 16, y * 16), x, y]);
  }
  cells.sort((p, q) => p[0] - q[0]);
  cells.forEach(([way, x, y], at) => {
    expect(way).toBe(at);
    const before = cells[at - 1];
    if (before) expect(Math.abs(before[1] - x) + Math.abs(before[2] - y)).toBe(1);
  });
});

describe("which objects a bulk accept means", () => {
  const all: ReviewFilter = { leastScore: 0, leastPx: 0, mostPx: 1e9, within: undefined };

  test("by score, where there is one", () => {
    const filter = { ...all, leastScore: 0.5 };
    expect([0.5, 0.49, null].map((score) => isMeant(row(1, { score }), filter))).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("by size, both ends included", () => {
    const filter = { ...all, leastPx: 10, mostPx: 20 };
    expect([9, 10, 20, 21].map((areaPx) => isMeant(row(1, { areaPx }), filter))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  test("by where the middle lies, and in which plane", () => {
    const within = { box: rect(0, 0, 100, 100), t: 0, z: 1, depth: 2 };
    const at = (x: number, z: number, depth = 1) =>
      isMeant(row(1, { box: rect(x, 0, x + 20, 10), z, depth }), { ...all, within });
    expect([at(89, 1), at(90, 1), at(0, 0), at(0, 2), at(0, 3)]).toEqual([
      ...[true, false, false, true, false],
    ]);
    expect(at(0, 0, 3)).toBe(true);
  });
});
