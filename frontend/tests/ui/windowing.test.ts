import fc from "fast-check";
import { expect, test } from "vitest";
import { rowAfter, scrollFor, windowOf } from "../../src/ui/editor/windowing";

const ROW = 26;
const lists = fc.record({
  n: fc.nat(100_000),
  height: fc.integer({ min: 1, max: 1200 }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
});
const scrolled = ({ n, height, part }: { n: number; height: number; part: number }) =>
  part * Math.max(0, n * ROW - height);

test("every row that is in sight is made, and never many more", () => {
  fc.assert(
    fc.property(lists, (list) => {
      const top = scrolled(list);
      const { first, end } = windowOf(top, list.height, ROW, list.n);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(list.n);
      expect(first).toBeLessThanOrEqual(end);
      if (first > 0) expect(first * ROW).toBeLessThanOrEqual(top);
      if (end < list.n) expect(end * ROW).toBeGreaterThanOrEqual(top + list.height);
      expect(end - first).toBeLessThanOrEqual(Math.ceil(list.height / ROW) + 14);
    }),
  );
});

test("a row that is scrolled to is wholly in sight, and one that was stays where it is", () => {
  const sights = lists.filter(({ n, height }) => n > 0 && height >= ROW);
  fc.assert(
    fc.property(sights, fc.nat(), (list, some) => {
      const row = some % list.n;
      const before = scrolled(list);
      const after = scrollFor(row, before, list.height, ROW);
      expect(after).toBeLessThanOrEqual(row * ROW);
      expect(after + list.height + 1e-6).toBeGreaterThanOrEqual((row + 1) * ROW);
      expect(scrollFor(row, after, list.height, ROW)).toBe(after);
    }),
  );
});

test("keys lead to rows that there are", () => {
  const keys = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"];
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      fc.integer({ min: 1, max: 99 }),
      fc.nat(),
      (key, n, at) => {
        const to = rowAfter(key, (at % (n + 1)) - 1, n, 10);
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(n);
      },
    ),
  );
  expect(rowAfter("End", 3, 50_000, 10)).toBe(49_999);
  expect(rowAfter("PageDown", 0, 50_000, 10)).toBe(9);
  expect(rowAfter("x", 0, 5, 10)).toBeUndefined();
  expect(rowAfter("End", -1, 0, 10)).toBeUndefined();
});
