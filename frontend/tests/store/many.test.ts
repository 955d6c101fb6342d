import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK } from "../../src/labels/chunks";
import { pixelsIn } from "../../src/labels/runs";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { inParts, placesOf } from "../../src/store/relabel_many";
import { expectSame } from "../arrays";
import { open, openAll, settle, settleAfterLoss } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

/** Squares of 10 pixels, some across the edges of chunks. */
const SIDE = 10;
const cornerOf = (id: number) => ({ x: 6 + 20 * ((id - 1) % 50), y: 6 + 20 * ((id - 1) / 50) });
let server: ReferenceServer;

function drawn(n: number): ReferenceServer {
  const made = new ReferenceServer(seeded(3));
  for (let id = 1; id <= n; id++) {
    const [x, y] = [cornerOf(id).x, Math.floor(cornerOf(id).y / 20) * 20 + 6];
    made.draw(id, rect(x, y, x + SIDE, y + SIDE));
  }
  return made;
}

beforeEach(() => {
  server = drawn(400);
});

const ids = (store: AnnotationPlane) => [...store.instances.ids()];
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("deleting many", () => {
  test("takes every pixel of them and nothing else, here and on the server", async () => {
    const ana = await openAll(server);
    const odd = upTo(400).filter((id) => id % 2 === 1);
    expect(await ana.deleteMany(odd)).toEqual({ nDone: 200, nElsewhere: 0 });
    await settle(server, ana);
    const even = upTo(400).filter((id) => id % 2 === 0);
    expect(ids(ana)).toEqual(even);
    expect([...server.table.ids()]).toEqual(even);
    expect(even.every((id) => ana.instances.areaOf(id) === SIDE * SIDE)).toBe(true);
  });

  test("is one step of undo, which brings all back", async () => {
    const ana = await openAll(server);
    const before = [0, 1].map((cx) => server.chunks.get(cx)?.slice() as Uint32Array);
    await ana.deleteMany(upTo(400));
    expect(ids(ana)).toEqual([]);
    await ana.undo();
    await settle(server, ana);
    expect(ids(ana)).toEqual(upTo(400));
    for (const [cx, labels] of before.entries()) {
      expectSame(ana.chunkAt(0, cx) as Uint32Array, labels);
    }
    await ana.redo();
    await settle(server, ana);
    expect(server.table.count).toBe(0);
  });

  test("loads what was never looked at", async () => {
    const ana = await open(server);
    expect(ana.isLoaded(0, 0)).toBe(false);
    await ana.deleteMany(upTo(400));
    await settle(server, ana);
    expect(server.table.count).toBe(0);
  });

  test("counts what is not there, and refuses when nothing is", async () => {
    const ana = await openAll(server);
    expect(await ana.deleteMany([1, 999])).toEqual({ nDone: 1, nElsewhere: 1 });
    await expect(ana.deleteMany([1, 999])).rejects.toMatchObject({ code: "not_on_plane" });
  });

  test("leaves what somebody else painted over meanwhile", async () => {
    const [ana, ben] = await Promise.all([openAll(server), openAll(server, { user: "ben" })]);
    server.trouble.dropEvent = 1;
    await ben.merge(3, 1);
    await ben.flush();
    await ana.deleteMany([1, 2]); // she has not heard of it
    await ana.flush();
    server.trouble.dropEvent = 0;
    await settleAfterLoss(server, ana, ben);
    expect(server.table.areaOf(3)).toBe(2 * SIDE * SIDE);
    expect(server.table.areaOf(2)).toBe(0);
    expect(ids(ana)).toEqual(ids(ben));
  });
});

describe("merging many", () => {
  test("gives all pixels to one, and undo gives them back", async () => {
    const ana = await openAll(server);
    expect(await ana.mergeMany(5, [3, 4, 5, 6])).toEqual({ nDone: 3, nElsewhere: 0 });
    expect(ana.instances.areaOf(5)).toBe(4 * SIDE * SIDE);
    await ana.undo();
    await settle(server, ana);
    expect([3, 4, 5, 6].map((id) => server.table.areaOf(id))).toEqual(Array(4).fill(SIDE * SIDE));
  });
});

test("a class for many is one step of undo although it takes several ops", async () => {
  const ana = await openAll(server);
  const many = [...upTo(400), ...Array.from({ length: 40_000 }, (_, i) => 1000 + i)];
  many.splice(100, 0, ...many.splice(-20_000));
  await ana.setClass(many, "mitosis");
  await settle(server, ana);
  expect(server.log.length).toBe(2);
  expect(server.table.classCount()).toEqual(new Map([["mitosis", 400]]));
  await ana.undo();
  await settle(server, ana);
  expect(server.table.classCount()).toEqual(new Map([["", 400]]));
});

test("the places of boxes hold every pixel of them, each in one part of bounded size", () => {
  const box = fc
    .tuple(fc.nat(3000), fc.nat(3000), fc.integer({ min: 1, max: 900 }))
    .map(([x, y, side]) => rect(x, y, x + side, y + side));
  fc.assert(
    fc.property(fc.array(box, { maxLength: 20 }), fc.integer({ min: 1, max: 9 }), (all, most) => {
      const size = 4096;
      const parts = inParts(placesOf(all, size, size), most);
      expect(parts.every((part) => part.length <= most)).toBe(true);
      const keys = parts.flat().map(([key]) => key);
      expect(new Set(keys).size).toBe(keys.length);
      const places = new Map(parts.flat());
      for (const { x0, y0, x1, y1 } of all) {
        for (const [x, y] of [
          [x0, y0],
          [x1 - 1, y0],
          [x0, y1 - 1],
          [x1 - 1, y1 - 1],
        ] as const) {
          const place = places.get(Math.floor(y / CHUNK) * 65536 + Math.floor(x / CHUNK));
          expect(place && place.x0 <= x && x < place.x1 && place.y0 <= y && y < place.y1).toBe(
            true,
          );
        }
      }
    }),
  );
});

test("no op of a large edit has more chunks than one may have", async () => {
  const wide = new ReferenceServer(seeded(3), 40 * CHUNK, CHUNK);
  for (let id = 1; id <= 40; id++) {
    const x = (id - 1) * CHUNK;
    wide.draw(id, rect(x, 10, x + 20, 30));
  }
  const ana = await open(wide);
  await ana.deleteMany(upTo(40));
  await settle(wide, ana);
  expect(wide.log.length).toBe(3);
  expect(ana.recorder.history.peek("undo").map(({ op }) => pixelsIn(op.edit))).toEqual([
    8 * 400,
    16 * 400,
    16 * 400,
  ]);
  await ana.undo();
  await settle(wide, ana);
  expect(wide.table.count).toBe(40);
});
