import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { type ShownTile, shownGrey } from "../../src/viewer/shown_grey";

const SIDE = 8;

/** A tile in which each pixel has its column of the image as its grey value. */
function tile(column: number, row: number, level = 0, width = SIDE, height = SIDE): ShownTile {
  const getImageData = (x: number, _y: number, w: number, h: number) => {
    const data = new Uint8ClampedArray(w * h * 4).fill(255);
    for (let i = 0; i < w * h; i++) data.fill(column * SIDE + x + (i % w), i * 4, i * 4 + 3);
    return { data } as ImageData;
  };
  return { job: { level, column, row }, context: { getImageData } as never, width, height };
}

test("grey values come from all tiles under the box", () => {
  const tiles = [tile(0, 0), tile(1, 0), tile(0, 1), tile(1, 1, 0, 4, 4)];
  const grey = shownGrey(rect(6, 5, 10, 10), tiles, SIDE);
  expect([...(grey ?? [])]).toEqual([0, 1, 2, 3, 4].flatMap(() => [6, 7, 8, 9]));
});

test("there are none where a tile is missing, coarse or smaller than the box", () => {
  const box = rect(6, 2, 10, 4);
  expect(shownGrey(box, [tile(0, 0)], SIDE)).toBeUndefined();
  expect(shownGrey(box, [tile(0, 0), tile(0, 0)], SIDE)).toBeUndefined();
  expect(shownGrey(box, [tile(0, 0), tile(1, 0, 1)], SIDE)).toBeUndefined();
  expect(shownGrey(box, [tile(0, 0), tile(1, 0, 0, 1, 8)], SIDE)).toBeUndefined();
  expect(shownGrey(box, [tile(0, 0), tile(1, 0)], SIDE)).toBeDefined();
});

test("colours count by how bright they look", () => {
  const getImageData = () => ({ data: Uint8ClampedArray.of(0, 255, 0, 255) });
  const green = { ...tile(0, 0), context: { getImageData } as never };
  expect([...(shownGrey(rect(0, 0, 1, 1), [green], SIDE) ?? [])]).toEqual([182]);
});
