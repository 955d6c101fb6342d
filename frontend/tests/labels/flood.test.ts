import fc from "fast-check";
import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { flood } from "../../src/labels/flood";
import { polygonSpans } from "../../src/labels/polygon";

const SIZE = 12;
const whole = rect(0, 0, SIZE, SIZE);
const grids = fc.array(fc.constantFrom(0, 0, 1), {
  minLength: SIZE * SIZE,
  maxLength: SIZE * SIZE,
});

function bruteForce(grid: readonly number[], x: number, y: number): Set<number> {
  const target = grid[y * SIZE + x];
  const found = new Set([y * SIZE + x]);
  const stack = [y * SIZE + x];
  while (stack.length > 0) {
    const at = stack.pop() as number;
    const [px, py] = [at % SIZE, Math.floor(at / SIZE)];
    for (const [nx, ny] of [
      [px - 1, py],
      [px + 1, py],
      [px, py - 1],
      [px, py + 1],
    ] as const) {
      const next = ny * SIZE + nx;
      if (nx < 0 || ny < 0 || nx >= SIZE || ny >= SIZE || found.has(next)) continue;
      if (grid[next] !== target) continue;
      found.add(next);
      stack.push(next);
    }
  }
  return found;
}

function fromSideToSide(pixels: ReadonlySet<number>): boolean {
  const [xs, ys] = [new Set<number>(), new Set<number>()];
  for (const pixel of pixels) {
    xs.add(pixel % SIZE);
    ys.add(Math.floor(pixel / SIZE));
  }
  return [xs, ys].some((one) => one.has(0) && one.has(SIZE - 1));
}

test("a flood finds exactly the pixels that hang together with the first", () => {
  fc.assert(
    fc.property(grids, fc.nat(SIZE - 1), fc.nat(SIZE - 1), (grid, x, y) => {
      const at = (px: number, py: number) => grid[py * SIZE + px];
      const filled = flood(x, y, at, { bounds: whole, image: whole, maxPixels: 1000 });
      const expected = bruteForce(grid, x, y);
      if (!filled.ok) {
        expect(filled.why).toBe("open");
        expect(fromSideToSide(expected)).toBe(true);
        return;
      }
      expect(fromSideToSide(expected)).toBe(false);
      const pixels = new Set<number>();
      for (const span of filled.spans) {
        for (let px = span.lo; px < span.hi; px++) pixels.add(span.y * SIZE + px);
      }
      expect(pixels.size).toBe(filled.nPixels);
      expect([...pixels].sort((a, b) => a - b)).toEqual([...expected].sort((a, b) => a - b));
    }),
  );
});

test("an area that reaches the edge of the view but not of the image is open", () => {
  const corner = (x: number, y: number) => (x < 4 && y < 4 ? 0 : 1);
  const limits = { bounds: rect(2, 2, 8, 8), image: whole, maxPixels: 1000 };
  expect(flood(3, 3, corner, limits)).toEqual({ ok: false, why: "open" });
  const seen = { ...limits, bounds: whole };
  expect(flood(3, 3, corner, seen)).toMatchObject({ ok: true, nPixels: 16 });
  expect(flood(3, 3, () => 0, seen)).toEqual({ ok: false, why: "open" });
});

test("a flood refuses what is too large, outside or not loaded", () => {
  const limits = { bounds: whole, image: whole, maxPixels: 10 };
  expect(flood(4, 4, () => 0, limits)).toEqual({ ok: false, why: "too-large" });
  expect(flood(40, 4, () => 0, limits)).toEqual({ ok: false, why: "outside" });
  expect(flood(4, 4, () => undefined, limits)).toEqual({ ok: false, why: "not-loaded" });
});

test("a polygon covers the pixels whose centre lies inside", () => {
  const square = [
    { x: 1, y: 1 },
    { x: 4, y: 1 },
    { x: 4, y: 3 },
    { x: 1, y: 3 },
  ];
  expect(polygonSpans(square)).toEqual([
    { y: 1, lo: 1, hi: 4 },
    { y: 2, lo: 1, hi: 4 },
  ]);
  expect(polygonSpans(square.slice(0, 2))).toEqual([]);
});

test("two polygons with a common edge share no pixel and leave none out", () => {
  const coordinate = fc.integer({ min: 0, max: 40 }).map((n) => n / 2);
  fc.assert(
    fc.property(coordinate, coordinate, (top, bottom) => {
      const left = [
        { x: 0, y: 0 },
        { x: top, y: 0 },
        { x: bottom, y: 20 },
        { x: 0, y: 20 },
      ];
      const right = [
        { x: top, y: 0 },
        { x: 20, y: 0 },
        { x: 20, y: 20 },
        { x: bottom, y: 20 },
      ];
      const count = new Uint8Array(400);
      for (const span of [...polygonSpans(left), ...polygonSpans(right)]) {
        for (let x = span.lo; x < span.hi; x++)
          count[span.y * 20 + x] = (count[span.y * 20 + x] as number) + 1;
      }
      expect(count.every((n) => n === 1)).toBe(true);
    }),
  );
});
