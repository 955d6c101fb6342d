import { describe, expect, test } from "vitest";
import {
  clamped,
  nearest,
  pictureOf,
  planeIn,
  planeText,
  projectionOf,
  searchWith,
  spanText,
  stepped,
} from "../../src/ui/editor/planes";

const STACK = { nZ: 5, nT: 3 };

test("planes of the pyramid run t, then z, then channel", () => {
  const bases = [0, 1, 2].flatMap((t) =>
    [0, 1, 2, 3, 4].flatMap((z) => pictureOf({ t, z }, STACK, 2).bases),
  );
  expect(bases).toEqual(Array.from({ length: 15 }, (_, i) => 2 * i));
  expect(projectionOf(1, STACK, 2).bases).toEqual([10, 12, 14, 16, 18]);
});

test("every picture of an image has a name of its own", () => {
  const names = [0, 1, 2].flatMap((t) => [
    projectionOf(t, STACK, 1).name,
    ...[0, 1, 2, 3, 4].map((z) => pictureOf({ t, z }, STACK, 1).name),
  ]);
  expect(new Set(names).size).toBe(18);
});

describe("the address", () => {
  test("names the plane and keeps the rest", () => {
    const search = searchWith("?region=a&z=1", { t: 2, z: 4 }, STACK);
    expect(planeIn(search, STACK)).toEqual({ t: 2, z: 4 });
    expect(new URLSearchParams(search).get("region")).toBe("a");
  });

  test("says nothing of axes with one plane", () => {
    expect(searchWith("", { t: 0, z: 0 }, { nZ: 1, nT: 1 })).toBe("");
    expect(searchWith("?t=3", { t: 0, z: 2 }, { nZ: 5, nT: 1 })).toBe("?z=2");
  });

  test.each(["?z=9", "?z=-1", "?z=x", "?z=1e9&t=NaN", ""])(
    "%s leads to a plane there is",
    (text) => {
      const { t, z } = planeIn(text, STACK);
      expect(z >= 0 && z < 5 && t >= 0 && t < 3).toBe(true);
    },
  );
});

test("steps go along z, along t where there is no z, and never off the stack", () => {
  expect(stepped({ t: 1, z: 1 }, 1, STACK)).toEqual({ t: 1, z: 2 });
  expect(stepped({ t: 1, z: 0 }, 1, { nZ: 1, nT: 3 })).toEqual({ t: 2, z: 0 });
  expect(stepped({ t: 0, z: 4 }, 1, STACK)).toEqual({ t: 0, z: 4 });
  expect(clamped({ t: 7, z: 1.6 }, STACK)).toEqual({ t: 2, z: 2 });
});

test("an object is looked at in the nearest of its planes", () => {
  const span = { t: 0, z: 2, depth: 3 };
  expect([0, 3, 9].map((z) => nearest(span, { t: 0, z }).z)).toEqual([2, 3, 4]);
});

test("people count from 1", () => {
  expect(planeText({ t: 0, z: 3 }, STACK)).toBe("z 4 of 5, t 1 of 3");
  expect(spanText({ z: 2, depth: 1 })).toBe("z 3");
  expect(spanText({ z: 2, depth: 3 })).toBe("z 3–5");
});
