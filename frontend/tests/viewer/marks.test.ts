import fc from "fast-check";
import { expect, it } from "vitest";
import { diskRows } from "../../src/viewer/marks";

it("covers exactly the pixels whose centre is within the radius", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 10, max: 20, noNaN: true }),
      fc.double({ min: 10, max: 20, noNaN: true }),
      fc.double({ min: 0.5, max: 9, noNaN: true }),
      (x, y, radius) => {
        const painted = new Set<string>();
        for (const row of diskRows({ x, y }, radius)) {
          for (let column = row.x0; column < row.x1; column++) painted.add(`${column},${row.y}`);
        }
        for (let py = 0; py < 32; py++) {
          for (let px = 0; px < 32; px++) {
            const distance = Math.hypot(px + 0.5 - x, py + 0.5 - y);
            // A hair's breadth of the edge may fall either way by rounding.
            if (Math.abs(distance - radius) < 1e-9) continue;
            expect(painted.has(`${px},${py}`)).toBe(distance < radius);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
