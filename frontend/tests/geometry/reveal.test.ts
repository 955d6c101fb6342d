/** What is shown when the editor goes to an object. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { goalFor, type Seen } from "../../src/geometry/reveal";

const IMAGE = { width: 1000, height: 800 };
const SCREEN = { width: 600, height: 400 };

/** The screen with a point of the image in its middle. */
function seen(x: number, y: number, scale: number): Seen {
  const e = SCREEN.width / 2 - x * scale;
  const f = SCREEN.height / 2 - y * scale;
  return { toScreen: { a: scale, b: 0, c: 0, d: scale, e, f }, scale, ...SCREEN };
}

/** Image pixels that a goal shows. */
function shown(goal: { x: number; y: number; scale: number | undefined }, scale: number) {
  const [across, down] = [SCREEN.width, SCREEN.height].map((px) => px / (goal.scale ?? scale));
  const [w, h] = [across as number, down as number];
  return rect(goal.x - w / 2, goal.y - h / 2, goal.x + w / 2, goal.y + h / 2);
}

/** Whether all but a rim of a view shows the image, or all of the image is in it. */
function isFilled(from: number, to: number, length: number, rim: number): boolean {
  return (from >= -rim && to <= length + rim) || (from <= 0 && to >= length);
}

describe("an object", () => {
  test("that is seen well is not moved to", () => {
    expect(goalFor(rect(480, 380, 560, 440), seen(500, 400, 1), 1, IMAGE)).toBeUndefined();
  });

  test("in the midst of the image comes into the middle of the screen", () => {
    const goal = goalFor(rect(580, 460, 620, 500), seen(100, 100, 2), 2, IMAGE);
    expect(goal).toEqual({ x: 600, y: 480, scale: undefined });
  });

  test("at a corner of the image leaves no more than a rim of the screen empty", () => {
    const goal = goalFor(rect(0, 0, 40, 40), seen(500, 400, 2), 2, IMAGE);
    expect(goal).toEqual({ x: 150 - 24, y: 100 - 24, scale: undefined });
    const other = goalFor(rect(960, 760, 1000, 800), seen(500, 400, 2), 2, IMAGE);
    expect(other).toEqual({ x: 850 + 24, y: 700 + 24, scale: undefined });
  });

  test("that is tiny is zoomed to, with the screen full then", () => {
    const goal = goalFor(rect(0, 390, 20, 410), seen(500, 400, 0.5), 0.5, IMAGE);
    expect(goal).toEqual({ x: (600 / 2 - 48) / 7, y: 400, scale: 7 });
  });

  test("is looked for as far as the zoom is on its way to", () => {
    const goal = goalFor(rect(0, 0, 80, 80), seen(500, 400, 1), 4, IMAGE);
    expect(goal).toEqual({ x: 75 - 12, y: 40, scale: undefined });
    // At that zoom it would be larger than the screen.
    expect(goalFor(rect(0, 0, 80, 80), seen(500, 400, 1), 8, IMAGE)?.scale).toBe(1.75);
  });
});

test("the image is in the middle where it is smaller than the screen", () => {
  const goal = goalFor(rect(0, 0, 100, 100), seen(-800, 400, 0.45), 0.45, IMAGE);
  expect(goal).toEqual({ x: 500, y: 400, scale: undefined });
});

test("whatever is shown holds the object, and no more than a rim beyond the image", () => {
  const place = (most: number) => fc.integer({ min: 0, max: most - 1 });
  const size = fc.integer({ min: 1, max: 300 });
  const scales = fc.double({ min: 0.2, max: 8, noNaN: true });
  const boxes = fc
    .tuple(place(1000), place(800), size, size)
    .map(([x, y, w, h]) => rect(x, y, Math.min(1000, x + w), Math.min(800, y + h)));
  fc.assert(
    fc.property(boxes, place(1000), place(800), scales, (box, x, y, scale) => {
      const goal = goalFor(box, seen(x, y, scale), scale, IMAGE);
      if (!goal) return;
      const view = shown(goal, scale);
      const near = 1e-6;
      expect(view.x0).toBeLessThanOrEqual(box.x0 + near);
      expect(view.y0).toBeLessThanOrEqual(box.y0 + near);
      expect(view.x1).toBeGreaterThanOrEqual(box.x1 - near);
      expect(view.y1).toBeGreaterThanOrEqual(box.y1 - near);
      const rim = 48 / (goal.scale ?? scale) + near;
      const isFilledAcross = isFilled(view.x0, view.x1, 1000, rim);
      const isFilledDown = isFilled(view.y0, view.y1, 800, rim);
      expect(isFilledAcross && isFilledDown).toBe(true);
    }),
  );
});
