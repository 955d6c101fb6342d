import fc from "fast-check";
import { expect, test } from "vitest";
import { invert, toImage, toScreen, visibleRect } from "../../src/geometry/affine";
import { imagePoint } from "../../src/geometry/points";
import { around, contains, grow, intersect, isEmpty, rect, union } from "../../src/geometry/rect";

const boxes = fc
  .tuple(
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -50, max: 50 }),
    fc.nat(40),
    fc.nat(40),
  )
  .map(([x, y, w, h]) => rect(x, y, x + w, y + h));

test("a pixel is in the intersection when it is in both", () => {
  fc.assert(
    fc.property(boxes, boxes, fc.integer({ min: -60, max: 100 }), fc.integer(), (a, b, x, seed) => {
      const y = (seed % 100) - 20;
      expect(contains(intersect(a, b), x, y)).toBe(contains(a, x, y) && contains(b, x, y));
    }),
  );
});

test("a union holds both boxes, and an empty box adds nothing", () => {
  fc.assert(
    fc.property(boxes, boxes, (a, b) => {
      const both = union(a, b);
      for (const box of [a, b]) if (!isEmpty(box)) expect(intersect(both, box)).toEqual(box);
      if (isEmpty(a)) expect(both).toEqual(b);
    }),
  );
});

test("around holds every pixel whose centre is within reach of a point", () => {
  const box = around([imagePoint(3.2, 4.9), imagePoint(10, 2)], 2.5);
  expect(box).toEqual(rect(0, -1, 13, 8));
  expect(isEmpty(around([], 5))).toBe(true);
  expect(grow(rect(1, 1, 2, 2), 1)).toEqual(rect(0, 0, 3, 3));
});

test("what is mapped to the screen and back stays where it was", () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(number, number, number, number, (angle, scale, x, y) => {
      const s = 0.1 + Math.abs(scale);
      const [cos, sin] = [Math.cos(angle) * s, Math.sin(angle) * s];
      const map = { a: cos, b: sin, c: -sin, d: cos, e: 7, f: -3 };
      const back = toImage(invert(map), toScreen(map, imagePoint(x, y)));
      expect(back.x).toBeCloseTo(x, 6);
      expect(back.y).toBeCloseTo(y, 6);
    }),
  );
});

test("a view shows the pixels that meet it", () => {
  const zoom = { a: 2, b: 0, c: 0, d: 2, e: -10, f: 0 };
  expect(visibleRect(invert(zoom), 101, 50)).toEqual(rect(5, 0, 56, 25));
});

test("a map that flattens the plane has no inverse", () => {
  expect(() => invert({ a: 1, b: 2, c: 2, d: 4, e: 0, f: 0 })).toThrow(RangeError);
});
