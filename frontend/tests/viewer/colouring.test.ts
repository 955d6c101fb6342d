import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Rect, rect } from "../../src/geometry/rect";
import {
  type Colouring,
  colourBox,
  gather,
  type LabelPixels,
  WIDEST_EDGE,
} from "../../src/viewer/colouring";
import { labelColours } from "../../src/viewer/colours";

const SIZE = 8;

/** A layer of 3 x 3 chunks whose labels come from a function. */
function layer(width: number, height: number, labelAt: (x: number, y: number) => number) {
  const chunks = new Map<string, Uint32Array>();
  for (let cy = 0; cy * SIZE < height; cy++) {
    for (let cx = 0; cx * SIZE < width; cx++) {
      const chunk = new Uint32Array(SIZE * SIZE);
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          const [px, py] = [cx * SIZE + x, cy * SIZE + y];
          if (px < width && py < height) chunk[y * SIZE + x] = labelAt(px, py);
        }
      }
      chunks.set(`${cy},${cx}`, chunk);
    }
  }
  const source: LabelPixels = {
    info: { width, height, chunk: SIZE },
    chunkAt: (cy, cx) => chunks.get(`${cy},${cx}`),
    isLoaded: (cy, cx) => chunks.has(`${cy},${cx}`),
  };
  return { source, chunks };
}

const colouring: Colouring = {
  style: "both",
  colours: labelColours({ fillAlpha: 100, edgeAlpha: 255 }),
  isDraft: false,
};

function colour(source: LabelPixels, box: Rect, how = colouring): Uint32Array {
  const [w, h] = [box.x1 - box.x0, box.y1 - box.y0];
  const margin = how.edgeWidth ?? 1;
  const padded = new Uint32Array((w + 2 * margin) * (h + 2 * margin));
  gather(source, box, padded, margin);
  const out = new Uint32Array(w * h);
  colourBox(padded, box, how, out);
  return out;
}

const alpha = (word: number | undefined) => (word ?? 0) >>> 24;

describe("colourBox", () => {
  it("marks what is chosen by black and white, and leaves everything else as it is", () => {
    const { source } = layer(24, 24, (x) => (x < 12 ? 5 : 6));
    const box = rect(0, 0, 24, 24);
    const plain = colour(source, box);
    const marked = colour(source, box, { ...colouring, isChosen: (id) => id === 5 });
    const of = (pixels: Uint32Array, wanted: (x: number, y: number) => boolean) =>
      [...pixels].filter((_, i) => wanted(i % 24, Math.floor(i / 24)));
    expect(of(marked, (x) => x >= 12)).toEqual(of(plain, (x) => x >= 12));
    const isEdge = (x: number, y: number) => x === 0 || x === 11 || y === 0 || y === 23;
    const edge = new Set(of(marked, (x, y) => x < 12 && isEdge(x, y)));
    expect(edge).toEqual(new Set([0xffffffff, 0xff000000]));
    const inside = new Set(of(marked, (x, y) => x < 12 && !isEdge(x, y)));
    expect(inside).toEqual(new Set([0xffffffff, plain[24 + 1]]));
    const hidden = colour(source, box, {
      ...{ ...colouring, isChosen: () => true, isHidden: () => true },
    });
    expect(hidden.every((word) => word === 0)).toBe(true);
  });

  it("draws a faint outline of what is faded, and nothing of what is hidden", () => {
    const { source } = layer(16, 8, (x) => (x < 8 ? 1 : 2));
    const how = { ...colouring, isDraft: true, isFaded: (id: number) => id === 2 };
    const shown = colour(source, rect(0, 0, 16, 8), how);
    const alphas = (x0: number) =>
      Array.from({ length: 64 }, (_, i) => alpha(shown[(i >> 3) * 16 + x0 + (i % 8)]));
    expect(Math.max(...alphas(0))).toBe(255);
    expect([...new Set(alphas(8))].sort()).toEqual([0, 0xb0]);
    const gone = colour(source, rect(0, 0, 16, 8), { ...how, isHidden: () => true });
    expect(gone.every((word) => word === 0)).toBe(true);
  });

  it("gives the same colours whole or in parts, across chunk borders", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 20 * 20, maxLength: 20 * 20 }),
        fc.integer({ min: 1, max: 19 }),
        fc.boolean(),
        fc.integer({ min: 1, max: WIDEST_EDGE }),
        (labels, cut, isDraft, edgeWidth) => {
          const { source } = layer(20, 20, (x, y) => labels[y * 20 + x] as number);
          const how = { ...colouring, isDraft, edgeWidth };
          const whole = colour(source, rect(0, 0, 20, 20), how);
          const left = colour(source, rect(0, 0, cut, 20), how);
          const right = colour(source, rect(cut, 0, 20, 20), how);
          for (let y = 0; y < 20; y++) {
            for (let x = 0; x < 20; x++) {
              const part = x < cut ? left[y * cut + x] : right[y * (20 - cut) + x - cut];
              expect(part).toBe(whole[y * 20 + x]);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("draws no outline inside an object at a chunk border", () => {
    const { source } = layer(24, 24, (x, y) => (x >= 4 && x < 20 && y >= 4 && y < 20 ? 9 : 0));
    const words = colour(source, rect(0, 0, 24, 24));

    expect(alpha(words[7 * 24 + 8])).toBe(100);
    expect(alpha(words[4 * 24 + 8])).toBe(255);
    expect(alpha(words[3 * 24 + 8])).toBe(0);
  });

  it("draws no outline along a chunk that has not arrived", () => {
    const { source, chunks } = layer(16, 8, () => 5);
    chunks.delete("0,1");
    const words = colour(source, rect(0, 0, 8, 8));
    expect(alpha(words[3 * 8 + 7])).toBe(100);
  });

  it("leaves hidden instances out", () => {
    const { source } = layer(8, 8, () => 5);
    const words = colour(source, rect(0, 0, 8, 8), { ...colouring, isHidden: (id) => id === 5 });
    expect(words.every((word) => word === 0)).toBe(true);
  });

  it("shows only the outline when asked to", () => {
    const { source } = layer(8, 8, (x, y) => (x > 0 && x < 7 && y > 0 && y < 7 ? 2 : 0));
    const words = colour(source, rect(0, 0, 8, 8), { ...colouring, style: "outline" });
    expect(alpha(words[3 * 8 + 3])).toBe(0);
    expect(alpha(words[1 * 8 + 3])).toBe(255);
  });

  it("makes the outline as wide as asked, towards the inside", () => {
    const { source } = layer(24, 24, (x, y) => (x >= 3 && x < 21 && y >= 3 && y < 21 ? 9 : 0));
    for (let edgeWidth = 1; edgeWidth <= WIDEST_EDGE; edgeWidth++) {
      const words = colour(source, rect(0, 0, 24, 24), { ...colouring, edgeWidth });
      const alphas = Array.from({ length: 24 }, (_, x) => alpha(words[12 * 24 + x]));
      expect(alphas.filter((one) => one === 255).length).toBe(2 * edgeWidth);
      expect(alphas.slice(0, 3 + edgeWidth)).toEqual([0, 0, 0, ...Array(edgeWidth).fill(255)]);
      expect(alphas[12]).toBe(100);
    }
  });

  it("gives single instances dashes of their own", () => {
    const { source } = layer(24, 8, (x) => (x < 12 ? 1 : 2));
    const how = { ...colouring, dashOf: (id: number) => (id === 1 ? (0 as const) : (3 as const)) };
    const words = colour(source, rect(0, 0, 24, 8), how);
    const top = Array.from({ length: 24 }, (_, x) => words[x] as number);
    expect(new Set(top.slice(0, 12)).size).toBe(1);
    // Eight pixels of a line, eight of a gap.
    const gaps = top.flatMap((word, x) => (word === 0xff202020 ? [x] : []));
    expect(gaps).toEqual([12, 13, 14, 15]);
  });
});
