import fc from "fast-check";
import { expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { contains, type Rect, rect } from "../../src/geometry/rect";
import { boxEnclosure, lassoEnclosure } from "../../src/labels/inside";

const boxes = fc
  .tuple(
    fc.integer({ min: -20, max: 60 }),
    fc.integer({ min: -20, max: 60 }),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 30 }),
  )
  .map(([x, y, w, h]) => rect(x, y, x + w, y + h));

function counted(box: Rect, isInside: (x: number, y: number) => boolean): number {
  let n = 0;
  for (let y = box.y0; y < box.y1; y++) for (let x = box.x0; x < box.x1; x++) n += +isInside(x, y);
  return n / ((box.x1 - box.x0) * (box.y1 - box.y0));
}

test("the part inside of a box is that of a count, pixel by pixel", () => {
  fc.assert(
    fc.property(boxes, boxes, (box, drawn) => {
      const truth = counted(box, (x, y) => contains(drawn, x, y));
      expect(boxEnclosure(drawn).partOf(box)).toBeCloseTo(truth);
    }),
  );
});

test("a lasso along the edges of a box takes what the box takes", () => {
  fc.assert(
    fc.property(boxes, boxes, (box, drawn) => {
      const { x0, y0, x1, y1 } = drawn;
      const around = [imagePoint(x0, y0), imagePoint(x1, y0), imagePoint(x1, y1)];
      const lasso = lassoEnclosure([...around, imagePoint(x0, y1)]);
      expect(lasso.bounds).toEqual(drawn);
      expect(lasso.partOf(box)).toBeCloseTo(boxEnclosure(drawn).partOf(box));
    }),
  );
});

test("nothing outside of its bounds is inside of a lasso, and parts are from 0 to 1", () => {
  const corner = fc.tuple(fc.float({ min: -9, max: 60 }), fc.float({ min: -9, max: 60 }));
  const finite = corner.filter(([x, y]) => Number.isFinite(x + y));
  fc.assert(
    fc.property(fc.array(finite, { maxLength: 12 }), boxes, (corners, box) => {
      const lasso = lassoEnclosure(corners.map(([x, y]) => imagePoint(x, y)));
      const part = lasso.partOf(box);
      expect(part).toBeGreaterThanOrEqual(0);
      expect(part).toBeLessThanOrEqual(1);
      if (boxEnclosure(lasso.bounds).partOf(box) === 0) expect(part).toBe(0);
    }),
  );
});
