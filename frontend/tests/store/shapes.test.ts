import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import type { ChunkKey } from "../../src/labels/chunks";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { Shaping } from "../../src/store/shape_types";
import { expectSame } from "../arrays";
import { brush, expectAreas, expectTruth, line, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

/** Objects 1 and 2 lie over the corner of four chunks, side by side. */
let server: ReferenceServer;
let store: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(4));
  server.draw(1, rect(500, 500, 530, 524));
  server.draw(2, rect(530, 500, 560, 524));
  store = await openAll(server);
});
afterEach(() => store.close());

const at = (x: number, y: number) => store.labelAt(imagePoint(x + 0.5, y + 0.5));
const areaOf = (id: number) => store.instances.areaOf(id);
const shape = (id: number, how: Shaping) => store.shaping.reshape(id, how);

async function hole(x0: number, y0: number, x1: number, y1: number): Promise<void> {
  const ring = line(x0, y0, x1, y0, x1, y1, x0, y1);
  await store.fillPolygon(ring, { kind: "erase-any", instanceId: 0, radius: 0 });
}

type Pixels = ReadonlyMap<ChunkKey, Uint32Array | undefined>;

function pixelsOf({ replica: { chunks } }: AnnotationPlane): Pixels {
  return new Map(chunks.keys().map((key) => [key, chunks.get(key)?.slice()]));
}

function expectPixels({ replica: { chunks } }: AnnotationPlane, pixels: Pixels): void {
  for (const [key, labels] of pixels) expectSame(chunks.get(key), labels);
}

/** Undo brings every pixel back, and the server has what this copy has. */
async function expectUndone(act: () => Promise<unknown>): Promise<void> {
  const before = pixelsOf(store);
  await act();
  expectAreas(store);
  await settle(server, store);
  expectTruth(server, store);
  await store.undo();
  expectPixels(store, before);
  await store.redo();
  await settle(server, store);
  expectTruth(server, store);
}

describe("commands on one object", () => {
  test("holes are filled, over chunk borders too", async () => {
    await hole(508, 508, 516, 516);
    await expectUndone(async () => {
      expect(await shape(1, "fill-holes")).toMatchObject({
        ...{ kind: "fill-holes", nPixels: 64, nWon: 64, nLost: 0, nPieces: 1 },
      });
    });
    expect(at(512, 512)).toBe(1);
    expect(await shape(1, "fill-holes")).toBeNull();
  });

  test("another object in a hole stays", async () => {
    await hole(508, 508, 516, 516);
    await brush(store, 9, line(512, 512), 2);
    const area = areaOf(9);
    await shape(1, "fill-holes");
    expect(areaOf(9)).toBe(area);
    expect(areaOf(1)).toBe(30 * 24 - area);
  });

  test("growing takes no pixel of a neighbour, shrinking takes the edge", async () => {
    await expectUndone(async () => {
      const grown = await shape(1, "grow");
      expect(grown).toMatchObject({ kind: "grow", nWon: 30 * 2 + 24 });
    });
    expect(areaOf(2)).toBe(30 * 24);
    expect(at(499, 510)).toBe(1);
    const shrunk = await shape(1, "shrink");
    expect(shrunk?.nLost).toBeGreaterThan(0);
    expect(at(499, 510)).toBe(0);
  });

  test("an object that would vanish is not shrunk, and a sentence says so", async () => {
    await brush(store, 9, line(600, 600), 0.8);
    await expect(shape(9, "shrink")).rejects.toThrow(/too thin to shrink/);
    await expect(shape(9, "smooth")).rejects.toThrow(/too thin to be smoothed/);
    expect(areaOf(9)).toBeGreaterThan(0);
    await expect(shape(77, "grow")).rejects.toThrow(/not there/);
  });

  test("the largest part is kept, in one op", async () => {
    await brush(store, 1, line(450, 450), 4);
    const loose = areaOf(1) - 30 * 24;
    await expectUndone(async () => {
      expect(await shape(1, "keep-largest")).toMatchObject({ nLost: loose, nPieces: 1 });
    });
    expect(areaOf(1)).toBe(30 * 24);
    expect(server.log.filter((op) => op.kind === "keep-largest")).toHaveLength(1);
  });

  test("smoothing spares the neighbour", async () => {
    await brush(store, 1, line(510, 499, 510, 490), 0.8);
    await expectUndone(() => shape(1, "smooth"));
    expect(at(510, 491)).toBe(0);
    expect(areaOf(2)).toBe(30 * 24);
  });
});

describe("split", () => {
  test("along a line: the larger part keeps the id, the other gets the class too", async () => {
    await store.setClass([1], "mitosis");
    await expectUndone(async () => {
      const report = await store.shaping.splitAlong(1, line(510, 490, 510, 535));
      expect(report).toMatchObject({ kind: "split", by: "line" });
      const [newId] = report.newIds as [number];
      expect(at(505, 510)).toBe(newId);
      expect(at(520, 510)).toBe(1);
      expect(store.instances.classOf(newId)).toBe("mitosis");
      expect(areaOf(1) + areaOf(newId)).toBe(30 * 24);
    });
    expect(areaOf(2)).toBe(30 * 24);
    const op = server.log.find(({ kind }) => kind === "split");
    expect(op?.meta.classes).toEqual({ mitosis: [expect.any(Number)] });
  });

  test("by a line that does not go through changes nothing and says so", async () => {
    await expect(store.shaping.splitAlong(1, line(510, 490, 510, 510))).rejects.toThrow(
      /does not cut object 1 in two/,
    );
    expect(store.history.value.canUndo).toBe(false);
  });

  test("between two seeds goes by the image, or by the shape where there is none", async () => {
    const seeds = [imagePoint(505, 512), imagePoint(525, 512)] as const;
    const none = () => undefined;
    // Dark at x = 520 only, far from the middle.
    const image = ({ x0, y0, x1, y1 }: { x0: number; y0: number; x1: number; y1: number }) => {
      const wide = x1 - x0;
      return Uint8Array.from({ length: wide * (y1 - y0) }, (_, i) => {
        const x = x0 + (i % wide);
        return x < 500 || x >= 530 ? 0 : Math.abs(x - 520) <= 1 ? 20 : 200;
      });
    };
    await expectUndone(async () => {
      const report = await store.shaping.splitBetween(1, seeds, image);
      expect(report.by).toBe("image");
      expect(at(516, 512)).toBe(1);
      expect(at(524, 512)).toBe(report.newIds[0]);
    });
    await store.undo();
    const report = await store.shaping.splitBetween(1, seeds, none);
    expect(report.by).toBe("shape");
    expect(areaOf(1) + areaOf(report.newIds[0] as number)).toBe(30 * 24);
  });

  test("needs two places of one object", async () => {
    const none = () => undefined;
    const across = [imagePoint(505, 512), imagePoint(540, 512)] as const;
    await expect(store.shaping.splitBetween(1, across, none)).rejects.toThrow(/in one piece/);
    const same = [imagePoint(505.2, 512.1), imagePoint(505.6, 512.3)] as const;
    await expect(store.shaping.splitBetween(1, same, none)).rejects.toThrow(/in one piece/);
  });
});

describe("pieces and merging", () => {
  test("one piece of an object is erased, the others stay", async () => {
    await brush(store, 1, line(450, 450), 4);
    const loose = areaOf(1) - 30 * 24;
    await expectUndone(async () => {
      const report = await store.shaping.erasePiece(imagePoint(450, 450));
      expect(report).toMatchObject({ kind: "erase-piece", id: 1, nPixels: loose, nPieces: 1 });
    });
    expect(areaOf(1)).toBe(30 * 24);
    expect(await store.shaping.erasePiece(imagePoint(505, 505))).toMatchObject({ nPieces: 0 });
    await expect(store.shaping.erasePiece(imagePoint(505, 505))).rejects.toThrow(/no object/);
  });

  test("several objects become one in one op", async () => {
    await brush(store, 9, line(600, 512), 5);
    const area = areaOf(9);
    await expectUndone(async () => {
      expect(await store.shaping.mergeAll(2, [1, 2, 9])).toMatchObject({ kind: "merge" });
      expect(areaOf(2)).toBe(2 * 30 * 24 + area);
      expect([...store.instances.ids()]).toEqual([2]);
    });
    expect(server.log.filter((op) => op.kind === "merge")).toHaveLength(1);
  });
});

const rules = fc.constantFrom<Shaping>("fill-holes", "smooth", "keep-largest", "grow", "shrink");
const place = fc.record({
  x: fc.integer({ min: 490, max: 550 }),
  y: fc.integer({ min: 490, max: 540 }),
});
const deeds = fc.array(
  fc.oneof(
    fc.record({ how: rules, id: fc.constantFrom(1, 2) }),
    fc.record({ from: place, to: place, id: fc.constantFrom(1, 2) }),
    fc.record({ piece: place }),
  ),
  { minLength: 1, maxLength: 8 },
);

test("whatever is done, areas are those of the pixels and undoing all of it restores all", async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (list) => {
      const own = new ReferenceServer(seeded(5));
      own.draw(1, rect(500, 500, 530, 524));
      own.draw(2, rect(530, 500, 560, 524));
      const one = await openAll(own);
      const before = pixelsOf(one);
      for (const deed of list) {
        const done =
          "how" in deed
            ? one.shaping.reshape(deed.id, deed.how)
            : "piece" in deed
              ? one.shaping.erasePiece(imagePoint(deed.piece.x, deed.piece.y))
              : one.shaping.splitAlong(
                  deed.id,
                  [deed.from, deed.to].map((p) => imagePoint(p.x, p.y)),
                );
        await done.catch(() => undefined); // refused: nothing to cut, nothing there
        expectAreas(one);
      }
      await settle(own, one);
      expectTruth(own, one);
      while (one.history.value.canUndo) await one.undo();
      expectPixels(one, before);
      one.close();
    }),
    { numRuns: 15 },
  );
});
