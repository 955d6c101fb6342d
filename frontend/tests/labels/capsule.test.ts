import fc from "fast-check";
import { expect, test } from "vitest";
import { capsuleSpans, distanceSquared, newSpans } from "../../src/labels/capsule";

const coordinate = fc.oneof(
  fc.double({ min: -20, max: 60, noNaN: true }),
  fc.integer({ min: -20, max: 60 }).map((n) => n / 2), // exact hits on pixel centres and corners
);
const point = fc.record({ x: coordinate, y: coordinate });
// From the smallest brush on: without a radius rounding decides which centres the line meets.
const radius = fc.oneof(
  fc.double({ min: 0.5, max: 30, noNaN: true }),
  fc.integer({ min: 1, max: 60 }).map((n) => n / 2),
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
