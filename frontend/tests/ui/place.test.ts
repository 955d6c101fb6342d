import fc from "fast-check";
import { expect, test } from "vitest";
import { placeIn, searchOfPlace } from "../../src/ui/editor/place";

const number = (max: number) => fc.double({ min: -10, max, noNaN: true });
const places = fc.record({
  x: number(60_000),
  y: number(60_000),
  scale: fc.double({ min: 0.001, max: 48, noNaN: true }),
  t: fc.constant(0),
  z: fc.nat(500),
  is_projected: fc.boolean(),
  selected: fc.nat(60_000),
  draft: fc.constantFrom("", "3f6c0e3a-0000-4000-8000-000000000000"),
});

test("an address leads back to the view that it was made of", () => {
  fc.assert(
    fc.property(places, (place) => {
      const found = placeIn(searchOfPlace(`?z=${place.z}&region=r`, place));
      expect(Math.abs((found?.x ?? 1e9) - place.x)).toBeLessThanOrEqual(0.125);
      expect(Math.abs((found?.y ?? 1e9) - place.y)).toBeLessThanOrEqual(0.125);
      expect((found?.scale ?? 0) / place.scale).toBeCloseTo(1, 4);
      const rest = { ...found, x: 0, y: 0, scale: 0 };
      expect(rest).toEqual({ ...place, x: 0, y: 0, scale: 0 });
    }),
  );
});

test("what else an address says is left, and old places are replaced", () => {
  const place = { x: 1, y: 2, scale: 1, t: 0, z: 0, is_projected: false, selected: 0, draft: "" };
  expect(searchOfPlace("?region=r&object=7&max=1&x=9", place)).toBe("?region=r&x=1&y=2&zoom=1");
});

test.each(["", "?x=1&y=2", "?x=1&y=2&zoom=0", "?x=a&y=2&zoom=1", "?x=1&y=2&zoom=-3"])(
  "%s names no view",
  (search) => {
    expect(placeIn(search)).toBeUndefined();
  },
);
