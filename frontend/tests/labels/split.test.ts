import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { components } from "../../src/labels/components";
import { partsByLine, underLine } from "../../src/labels/split";
import { brightnessLandscape, depthLandscape, watershed } from "../../src/labels/watershed";
import { blobs, count, drawn, HIGH, nPieces, WIDE } from "./masks";

const coordinate = (most: number) => fc.double({ min: -2, max: most + 2, noNaN: true });
const lines = fc.array(fc.record({ x: coordinate(WIDE), y: coordinate(HIGH) }), {
  minLength: 2,
  maxLength: 5,
});

describe("a cut", () => {
  const square = drawn(...Array.from({ length: 8 }, () => "##########"));

  test("divides an object in two, and gives back every pixel under it", () => {
    const path = [
      { x: 3.5, y: -1 },
      { x: 3.5, y: 9 },
    ];
    const parts = partsByLine(square.mask, path) as Int32Array;
    expect(
      nPieces(
        square.mask,
        Uint8Array.from(parts, (part) => part),
      ),
    ).toBe(1);
    expect(count(parts)).toBeGreaterThanOrEqual(24);
    expect(count(parts)).toBeLessThanOrEqual(32);
    expect(parts[0]).toBe(1);
    expect(parts[9]).toBe(0);
  });

  test("that ends inside divides nothing", () => {
    const path = [
      { x: 3.5, y: -1 },
      { x: 3.5, y: 6 },
    ];
    expect(partsByLine(square.mask, path)).toBeUndefined();
  });

  test("along the rim makes no crumbs", () => {
    const { mask } = drawn("......#...", "##########", "##########", "##########", "##########");
    const path = [
      { x: 5, y: 1 },
      { x: 8, y: 1 },
    ];
    expect(partsByLine(mask, path)).toBeUndefined();
  });

  test("leaves pieces alone that it does not touch", () => {
    const { mask } = drawn("####..####", "####..####", "####..####");
    const path = [
      { x: 2, y: -1 },
      { x: 2, y: 4 },
    ];
    const parts = partsByLine(mask, path) as Int32Array;
    parts.forEach((part, i) => {
      if (i % 10 > 5) expect(part).toBe(0);
    });
    expect(new Set(parts)).toEqual(new Set([0, 1]));
  });

  test("lets no part through, not over corners either", () => {
    fc.assert(
      fc.property(coordinate(HIGH), coordinate(HIGH), (left, right) => {
        const whole = drawn(...Array.from({ length: HIGH }, () => "#".repeat(WIDE))).mask;
        const path = [
          { x: -1, y: left },
          { x: WIDE + 1, y: right },
        ];
        const cut = underLine(whole, path);
        const height = (x: number) => left + ((x + 1) / (WIDE + 2)) * (right - left);
        const rest = { ...whole, on: cut.map((isCut) => (isCut ? 0 : 1)) };
        const { of } = components(rest);
        const sides = new Map<number, Set<boolean>>();
        of.forEach((part, i) => {
          if (!part) return;
          const isAbove = Math.floor(i / WIDE) + 0.5 < height((i % WIDE) + 0.5);
          sides.set(part, (sides.get(part) ?? new Set()).add(isAbove));
        });
        for (const seen of sides.values()) expect(seen.size).toBe(1);
      }),
    );
  });

  test("gives away pixels of the object only; each part is one piece, and one is left", () => {
    fc.assert(
      fc.property(blobs, lines, ({ mask }, path) => {
        const parts = partsByLine(mask, path);
        if (!parts) return;
        const nParts = Math.max(...parts);
        for (let part = 1; part <= nParts; part++) {
          const on = Uint8Array.from(parts, (one) => (one === part ? 1 : 0));
          expect(nPieces(mask, on)).toBe(1);
        }
        const rest = mask.on.map((isOn, i) => (isOn && !parts[i] ? 1 : 0));
        expect(count(rest)).toBeGreaterThan(0);
        // What was one piece is as many as there are parts, and the one that keeps the id.
        expect(nPieces(mask, rest)).toBeLessThanOrEqual(nPieces(mask));
        expect(parts.every((part, i) => part === 0 || mask.on[i] === 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a watershed", () => {
  /** Two disks of radius 8 that overlap a little. */
  const width = 30;
  const height = 17;
  const inDisk = (i: number, cx: number) => {
    const [dx, dy] = [(i % width) - cx, Math.floor(i / width) - 8];
    return dx * dx + dy * dy <= 64;
  };
  const pair = {
    width,
    height,
    on: Uint8Array.from({ length: width * height }, (_, i) =>
      inDisk(i, 8) || inDisk(i, 21) ? 1 : 0,
    ),
  };
  const seeds = [8 * width + 8, 8 * width + 21];

  test("of the shape divides at the neck", () => {
    const owner = watershed(pair, depthLandscape(pair), seeds);
    owner.forEach((who, i) => {
      const x = i % width;
      if (!pair.on[i]) expect(who).toBe(0);
      else if (x < 13) expect(who).toBe(1);
      else if (x > 16) expect(who).toBe(2);
      else expect(who).toBeGreaterThan(0);
    });
  });

  test("of the shape gives a seed at the rim its share", () => {
    const rim = [8 * width + 8, 8 * width + 1];
    const disk = { width, height, on: pair.on.map((isOn, i) => (isOn && i % width < 15 ? 1 : 0)) };
    const owner = watershed(disk, depthLandscape(disk), rim);
    const share = owner.filter((who) => who === 2).length;
    expect(share).toBeGreaterThan(30);
    expect(share).toBeLessThan(100);
  });

  test.each([
    ["bright on dark", (dip: number) => 200 - dip],
    ["dark on bright", (dip: number) => 40 + dip],
  ])("of an image that is %s divides where it changes", (_what, value) => {
    // A seam far from the neck: only the image knows of it.
    const grey = Uint8Array.from(pair.on, (isOn, i) =>
      isOn ? value(Math.abs((i % width) - 18) <= 1 ? 90 : 0) : value(150),
    );
    const landscape = brightnessLandscape(pair, grey, seeds) as Uint8Array;
    const owner = watershed(pair, landscape, seeds);
    owner.forEach((who, i) => {
      const x = i % width;
      if (pair.on[i] && x < 17) expect(who).toBe(1);
      if (pair.on[i] && x > 19) expect(who).toBe(2);
    });
  });

  test("of an even image is none", () => {
    expect(brightnessLandscape(pair, new Uint8Array(width * height).fill(90), seeds)).toBe(
      undefined,
    );
  });

  test("divides a piece between its seeds, each share in one piece", () => {
    fc.assert(
      fc.property(blobs, fc.nat(), fc.nat(), ({ mask }, p, q) => {
        const pixels = [...mask.on.keys()].filter((i) => mask.on[i]);
        const seedsHere = [pixels[p % pixels.length], pixels[q % pixels.length]] as number[];
        if (seedsHere[0] === seedsHere[1]) return;
        const { of } = components(mask);
        const owner = watershed(mask, depthLandscape(mask), seedsHere);
        owner.forEach((who, i) => {
          const isReached = seedsHere.some((seed) => of[i] && of[i] === of[seed]);
          expect(who > 0).toBe(isReached);
        });
        for (const who of [1, 2]) {
          const on = Uint8Array.from(owner, (one) => (one === who ? 1 : 0));
          expect(nPieces(mask, on)).toBe(1);
        }
      }),
    );
  });
});
