import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { contains, rect } from "../../src/geometry/rect";
import { distanceSquared } from "../../src/labels/capsule";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { WriteMode } from "../../src/store/edit_types";
import { firstDifference } from "../arrays";
import { paths } from "../labels/arbitrary";
import { brush, expectAreas, expectTruth, line, open, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let store: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(1));
  server.draw(1, rect(480, 480, 520, 530));
  server.draw(2, rect(530, 500, 560, 560));
  store = await openAll(server);
});
afterEach(() => store.close());

const pixels = (from: AnnotationPlane) =>
  from.replica.chunks.keys().map((key) => [key, from.replica.chunks.get(key)?.slice()] as const);

function expectUnchanged(before: ReturnType<typeof pixels>): void {
  for (const [key, labels] of before) {
    const now = store.replica.chunks.get(key) as Uint32Array;
    expect(firstDifference(now, labels as Uint32Array)).toBe(-1);
  }
}

test("a stroke paints every background pixel near its path and no other", async () => {
  const id = store.nextInstanceId();
  const path = line(470, 470, 540, 545);
  await brush(store, id, path, 9);
  for (let y = 450; y < 570; y++) {
    for (let x = 450; x < 570; x++) {
      const near = distanceSquared(x + 0.5, y + 0.5, path[0] as never, path[1] as never) <= 81;
      const own = contains(rect(480, 480, 520, 530), x, y)
        ? 1
        : contains(rect(530, 500, 560, 560), x, y)
          ? 2
          : 0;
      expect(store.replica.chunks.labelAt(x, y)).toBe(own || (near ? id : 0));
    }
  }
  expectAreas(store);
});

test("preserve never touches a foreign pixel, in any stroke", async () => {
  const id = store.nextInstanceId();
  const [one, two] = [store.instances.areaOf(1), store.instances.areaOf(2)];
  await fc.assert(
    fc.asyncProperty(paths, fc.double({ min: 0.5, max: 30, noNaN: true }), async (path, radius) => {
      await brush(store, id, path, radius);
      expect(store.instances.areaOf(1)).toBe(one);
      expect(store.instances.areaOf(2)).toBe(two);
    }),
    { numRuns: 20 },
  );
  expectAreas(store);
});

const modes = fc.constantFrom<WriteMode>("preserve", "overwrite", "inside", "locked");
const kinds = fc.constantFrom("brush", "erase-selected", "erase-any" as const);
const strokes = fc.array(
  fc.record({
    path: paths,
    radius: fc.double({ min: 0.5, max: 25, noNaN: true }),
    mode: modes,
    kind: kinds,
  }),
  { minLength: 1, maxLength: 5 },
);

test("undoing everything restores every pixel, redoing paints them again", async () => {
  await fc.assert(
    fc.asyncProperty(strokes, async (all) => {
      const before = pixels(store);
      let made = 0;
      for (const { path, radius, mode, kind } of all) {
        const stroke = store.beginStroke({ kind: kind as "brush", mode, instanceId: 1, radius });
        stroke.move(path);
        if (await stroke.commit()) made++;
      }
      const painted = pixels(store);
      expectAreas(store);
      for (let i = 0; i < made; i++) expect(await store.undo()).not.toBeNull();
      expectUnchanged(before);
      expectAreas(store);
      for (let i = 0; i < made; i++) expect(await store.redo()).not.toBeNull();
      expectUnchanged(painted);
      for (let i = 0; i < made; i++) await store.undo();
    }),
    { numRuns: 12 },
  );
  await settle(server, store);
  expectTruth(server, store);
}, 60_000);

test("a cancelled stroke leaves nothing behind", async () => {
  const before = pixels(store);
  const stroke = store.beginStroke({ kind: "erase-any", instanceId: 0, radius: 40 });
  stroke.move(line(500, 500, 550, 550));
  stroke.cancel();
  expect(stroke.isOpen).toBe(false);
  expectUnchanged(before);
  expect(store.history.value.canUndo).toBe(false);
  expect(await stroke.commit()).toBeNull();
});

test("undo during a stroke cancels it and takes nothing else back", async () => {
  const id = store.nextInstanceId();
  await brush(store, id, line(100, 100));
  const area = store.instances.areaOf(id);
  store.beginStroke({ kind: "brush", instanceId: id, radius: 30 }).move(line(100, 100));
  expect(await store.undo()).toBeNull();
  expect(store.instances.areaOf(id)).toBe(area);
  expect(store.history.value).toMatchObject({ canUndo: true, undoKind: "brush" });
});

describe("write modes", () => {
  const start = line(500, 500);
  async function paint(mode: WriteMode, isLocked?: (id: number) => boolean) {
    const stroke = store.beginStroke({
      kind: "brush",
      instanceId: 9,
      radius: 60,
      mode,
      ...(isLocked ? { isLocked } : {}),
    });
    stroke.move(start);
    await stroke.commit();
    return [1, 2].map((id) => store.instances.areaOf(id) > 0 && store.instances.areaOf(id));
  }

  test("overwrite takes pixels of others", async () => {
    const [one, two] = await paint("overwrite");
    expect(one).toBe(false);
    expect(two).toBeLessThan(1800);
  });

  test("inside changes only what was under the first point", async () => {
    expect(await paint("inside")).toEqual([false, 1800]);
    expect(store.instances.areaOf(9)).toBe(2000);
  });

  test("locked spares what is locked and eats the rest", async () => {
    expect(await paint("locked", (id) => id === 1)).toEqual([2000, expect.any(Number)]);
    expect(store.instances.areaOf(2)).toBeLessThan(1800);
  });

  test("by default everything decided is locked", async () => {
    expect(await paint("locked")).toEqual([2000, 1800]);
  });

  test("erasing the selected object leaves its neighbours alone", async () => {
    const stroke = store.beginStroke({ kind: "erase-selected", instanceId: 1, radius: 100 });
    stroke.move(line(510, 510));
    await stroke.commit();
    expect(store.instances.areaOf(1)).toBe(0);
    expect(store.instances.areaOf(2)).toBe(1800);
    expect([...store.instances.ids()]).toEqual([2]);
  });
});

test("a stroke without an object, or during another, is refused with a sentence", () => {
  expect(() => store.beginStroke({ kind: "brush", instanceId: 0, radius: 5 })).toThrow(
    /Choose an object/,
  );
  store.beginStroke({ kind: "brush", instanceId: 5, radius: 5 });
  expect(() => store.beginStroke({ kind: "brush", instanceId: 5, radius: 5 })).toThrow(/Wait/);
});

test("a stroke over a chunk that is still loading is completed when it arrives", async () => {
  const other = await open(server);
  await other.ensure(rect(0, 0, 500, 500));
  const stroke = other.beginStroke({ kind: "brush", instanceId: 7, radius: 6 });
  stroke.move(line(490, 400, 560, 400));
  expect(other.labelAt(imagePoint(550, 400))).toBeUndefined();
  await stroke.commit();
  expect(other.labelAt(imagePoint(550, 400))).toBe(7);
  await settle(server, other, store);
  expectTruth(server, store);
  other.close();
});

test("a stroke beyond the image's edge paints only inside", async () => {
  await brush(store, 5, line(-20, -20, 3, 3, 1030, 1030), 4);
  await settle(server, store);
  expectTruth(server, store);
});

test("dirty boxes hold every changed pixel", async () => {
  let box = rect(0, 0, 0, 0);
  const dispose = store.onDirty((event) => {
    if (event.origin === "local") box = event.rect;
  });
  const stroke = store.beginStroke({ kind: "brush", instanceId: 5, radius: 3 });
  expect(stroke.move(line(100.5, 100.5))).toEqual(rect(97, 97, 104, 104));
  expect(box).toEqual(rect(97, 97, 104, 104));
  dispose();
  stroke.move(line(200, 200));
  expect(box).toEqual(rect(97, 97, 104, 104));
  await stroke.commit();
});

test("least recently seen chunks are dropped, those with unsent strokes are not", async () => {
  const big = new ReferenceServer(seeded(5), 512 * 6, 512);
  const small = await open(big, { chunkLimit: 2 });
  await small.ensure(rect(0, 0, 10, 10));
  big.trouble.isDown = true;
  await brush(small, 3, line(5, 5));
  for (let cx = 1; cx < 6; cx++)
    await small.ensure(rect(cx * 512, 0, cx * 512 + 1, 1)).catch(() => 0);
  expect(small.isLoaded(0, 0)).toBe(true);
  expect(small.isLoaded(0, 1)).toBe(false);
  expect(small.replica.chunks.size).toBeLessThanOrEqual(3);
  big.trouble.isDown = false;
  small.retrySaving();
  await settle(big, small);
  small.close();
});
