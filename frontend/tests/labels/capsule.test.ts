import fc from "fast-check";
import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { capsuleSpans, distanceSquared, newSpans } from "../../src/labels/capsule";
import { brushOutline, edgesOf, isBorder } from "../../src/labels/outline";

const coordinate = fc.oneof(
  fc.double({ min: -20, max: 60, noNaN: true }),
  fc.integer({ min: -20, max: 60 }).map((n) => n / 2), // exact hits on pixel centres and corners
);
const point = fc.record({ x: coordinate, y: coordinate });
const radius = fc.oneof(
  fc.double({ min: 0, max: 30, noNaN: true }),
  fc.integer({ min: 0, max: 60 }).map((n) => n / 2),
);

test("a capsule holds exactly the pixels whose centre is within the radius of the line", () => {
  fc.assert(
    fc.property(point, point, radius, (a, b, r) => {
      const spans = capsuleSpans(a, b, r, newSpans());
      for (let y = -60; y < 100; y++) {
        const row = y - spans.y0;
        const covered = row >= 0 && row < spans.rows;
        const lo = covered ? (spans.lo[row] as number) : 0;
        const hi = covered ? (spans.hi[row] as number) : 0;
        for (let x = -60; x < 100; x++) {
          const inside = distanceSquared(x + 0.5, y + 0.5, a, b) <= r * r;
          if (inside !== (x >= lo && x < hi)) throw new Error(`pixel ${x},${y}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("the path of a stroke has no gap, however far apart its points are", () => {
  const spans = capsuleSpans({ x: 0.5, y: 0.5 }, { x: 400.5, y: 90.5 }, 1, newSpans());
  const painted = new Set<number>();
  for (let row = 0; row < spans.rows; row++) {
    for (let x = spans.lo[row] as number; x < (spans.hi[row] as number); x++) painted.add(x);
  }
  for (let x = 0; x <= 400; x++) expect(painted.has(x)).toBe(true);
});

test("the cursor's outline encloses exactly the pixels that the brush would paint", () => {
  fc.assert(
    fc.property(point, fc.double({ min: 0.8, max: 25, noNaN: true }), (centre, r) => {
      const spans = capsuleSpans(centre, centre, r, newSpans());
      let pixels = 0;
      for (let row = 0; row < spans.rows; row++) {
        pixels += Math.max(0, (spans.hi[row] as number) - (spans.lo[row] as number));
      }
      const corners = brushOutline(centre, r);
      let twice = 0; // shoelace formula
      for (let i = 0; i < corners.length; i += 2) {
        const j = (i + 2) % corners.length;
        const [x0, y0] = [corners[i] as number, corners[i + 1] as number];
        const [x1, y1] = [corners[j] as number, corners[j + 1] as number];
        twice += x0 * y1 - x1 * y0;
      }
      expect(Math.abs(twice) / 2).toBe(pixels);
    }),
  );
});

test("edges run between an instance and everything else, in joined segments", () => {
  const square = (x: number, y: number) => (x >= 2 && x < 5 && y >= 1 && y < 3 ? 7 : 0);
  const edges = edgesOf(7, rect(2, 1, 5, 3), square);
  const segments = [];
  for (let i = 0; i < edges.length; i += 4) segments.push([...edges.slice(i, i + 4)].join(" "));
  expect(segments.sort()).toEqual(["2 1 2 3", "2 1 5 1", "2 3 5 3", "5 1 5 3"]);
  expect(isBorder(3, 1, square)).toBe(true);
  expect(isBorder(0, 0, square)).toBe(false);
});
