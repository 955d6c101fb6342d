import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Box, copyChunk, cropAround, outlines } from "../../src/ui/pages/version/overlay";

describe("crops", () => {
  test("a crop lies inside the image, whatever is asked", () => {
    const side = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(side, side, side, side, side, (height, width, row, col, most) => {
        const box = cropAround(
          { row0: row, row1: row + 5, col0: col, col1: col + 5 },
          height,
          width,
          most,
        );
        expect(box.row0).toBeGreaterThanOrEqual(0);
        expect(box.col0).toBeGreaterThanOrEqual(0);
        expect(box.row1).toBeLessThanOrEqual(height);
        expect(box.col1).toBeLessThanOrEqual(width);
        expect(box.row1 - box.row0).toBe(Math.min(height, most));
      }),
    );
  });

  test("chunks put together give the label image back", () => {
    const edge = 4;
    const box: Box = { row0: 2, row1: 7, col0: 3, col1: 8 };
    const at = (row: number, col: number) => row * 100 + col + 1;
    const labels = new Uint32Array(25);

    for (const [cy, cx] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const chunk = Uint32Array.from({ length: edge * edge }, (_, index) =>
        at(cy * edge + Math.floor(index / edge), cx * edge + (index % edge)),
      );
      copyChunk(chunk, edge, cy, cx, labels, box);
    }

    const expected = Array.from({ length: 25 }, (_, index) =>
      at(2 + Math.floor(index / 5), 3 + (index % 5)),
    );
    expect([...labels]).toEqual(expected);
  });
});

test("touching objects have a line between them, and none where the crop ends", () => {
  const labels = Uint32Array.from([1, 1, 1, 2, 1, 1, 1, 2, 0, 0, 0, 2]);
  expect(outlines(labels, 4)).toEqual([0, 2, 3, 2, 3, 0, 3, 3]);
});
