import { describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { TileGrid } from "../../src/viewer/tile_grid";

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
