import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visibleRect } from "../../src/geometry/affine";
import { height, rect, width } from "../../src/geometry/rect";
import { isSeenWell, scaleToSee } from "../../src/viewer/reveal";
import { TileGrid } from "../../src/viewer/tile_grid";
import type { View } from "../../src/viewer/view";

/** A screen of 1000 x 600 that shows the image from its corner on. */
function viewAt(scale: number): View {
  const toScreen = { a: scale, b: 0, c: 0, d: scale, e: 0, f: 0 };
  const toImage = { a: 1 / scale, b: 0, c: 0, d: 1 / scale, e: 0, f: 0 };
  const [screenWidth, screenHeight] = [1000, 600];
  const visible = visibleRect(toImage, screenWidth, screenHeight);
  return { toScreen, toImage, scale, visible, width: screenWidth, height: screenHeight };
}

describe("an object that is looked for", () => {
  test.each([
    ["in the middle", rect(450, 250, 550, 350), true],
    ["at the edge", rect(900, 250, 1000, 350), false],
    ["above the top", rect(450, -100, 550, 0), false],
    ["too small to be judged", rect(490, 290, 500, 300), false],
  ])("%s is seen well: %s", (_where, box, isSeen) => {
    expect(isSeenWell(box, viewAt(1))).toBe(isSeen);
  });

  test("keeps the scale at which it can be judged", () => {
    expect(scaleToSee(rect(900, 250, 1000, 350), viewAt(1))).toBeUndefined();
  });

  test("fits the screen after zooming, and no pixel becomes larger than 8", () => {
    const side = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(side, side, fc.double({ min: 0.01, max: 40, noNaN: true }), (w, h, before) => {
        const box = rect(0, 0, w, h);
        const scale = scaleToSee(box, viewAt(before)) ?? before;
        const size = Math.max(width(box), height(box)) * scale;
        expect(size).toBeLessThanOrEqual(0.8 * 600 + 1e-6);
        expect(size >= 40 || scale === 8).toBe(true);
      }),
    );
  });
});

describe("tiles", () => {
  const levels = [
    { width: 1000, height: 700 },
    { width: 500, height: 350 },
    { width: 250, height: 175 },
  ];
  const grid = new TileGrid({ levels, tile_size: 512 } as never);
  const tile = (level: number, column: number, row: number) => ({ level, column, row }) as never;

  test.each([
    [4, 0],
    [1, 0],
    [0.5, 0],
    [0.4, 1],
    [0.25, 1],
    [0.01, 2],
  ])("at %s screen pixels per pixel those of level %s are drawn", (scale, level) => {
    expect(grid.levelAt(scale)).toBe(level);
  });

  test("at the edge hold less than a whole one", () => {
    expect(grid.sizeOf(tile(0, 1, 1))).toEqual({ width: 488, height: 188 });
    expect(grid.sizeOf(tile(1, 0, 0))).toEqual({ width: 500, height: 350 });
  });

  test("of coarse levels cover more of the image", () => {
    expect(grid.boxOf(tile(0, 1, 0))).toEqual(rect(512, 0, 1024, 512));
    expect(grid.boxOf(tile(1, 1, 0))).toEqual(rect(1024, 0, 2048, 1024));
  });
});
