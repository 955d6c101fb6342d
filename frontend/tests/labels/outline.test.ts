import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { capsuleSpans, newSpans } from "../../src/labels/capsule";
import { brushOutline, edgeLines } from "../../src/labels/outline";

const coordinate = fc.oneof(
  fc.double({ min: -20, max: 60, noNaN: true }),
  fc.integer({ min: -20, max: 60 }).map((n) => n / 2), // exact hits on pixel centres and corners
);
const point = fc.record({ x: coordinate, y: coordinate });

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

describe("lines around instances", () => {
  test("run around one pixel in four lines of length one", () => {
    const lines = edgeLines((x, y) => (x === 2 && y === 3 ? 1 : 0), rect(0, 0, 6, 6));
    expect(lines).toHaveLength(16);
  });

  test("have as many unit edges as the shape has open sides", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 36, maxLength: 36 }), (cells) => {
        const isInside = (x: number, y: number) =>
          x >= 1 && x < 7 && y >= 1 && y < 7 && cells[(y - 1) * 6 + x - 1] ? 1 : 0;
        let sides = 0;
        for (let y = 0; y <= 8; y++) {
          for (let x = 0; x <= 8; x++) {
            if (isInside(x, y) !== isInside(x - 1, y)) sides++;
            if (isInside(x, y) !== isInside(x, y - 1)) sides++;
          }
        }
        const lines = edgeLines(isInside, rect(0, 0, 8, 8));
        let length = 0;
        for (let at = 0; at < lines.length; at += 4) {
          const [x0, y0, x1, y1] = lines.slice(at, at + 4) as [number, number, number, number];
          length += Math.abs(x1 - x0) + Math.abs(y1 - y0);
        }
        expect(length).toBe(sides);
      }),
      { numRuns: 50 },
    );
  });
});
