import "fake-indexeddb/auto";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { chunkKey } from "../../src/labels/chunks";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { EditLock } from "../../src/store/edit_lock";
import { openLayerStore } from "../../src/store/open";
import { PastPlane } from "../../src/store/past_plane";
import { expectSame } from "../arrays";
import { PastServer } from "./past_server";
import { brush, expectTruth, line, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let past: PastServer;
let store: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(8));
  past = new PastServer(server);
  store = await openAll(server);
});

async function at(seq: number, before?: PastPlane): Promise<PastPlane> {
  const plane = await PastPlane.open({ api: server, past, info: store.info, seq }, before);
  await plane.ensure(server.bounds);
  return plane;
}

async function paint(...points: number[]): Promise<number> {
  const id = store.nextInstanceId();
  await brush(store, id, line(...points), 8);
  return id;
}

function countOf(id: number): number {
  let n = 0;
  for (const key of store.replica.chunks.keys()) {
    for (const label of store.replica.chunks.get(key) as Uint32Array) if (label === id) n++;
  }
  return n;
}

test("a moment shows exactly the pixels, areas and classes of then", async () => {
  const one = await paint(20, 20, 700, 20);
  await settle(server, store);
  await store.setClass([one], "mitosis");
  await paint(20, 80, 90, 80);
  await store.deleteInstance(one);
  await settle(server, store);

  const plane = await at(3);

  const then = await past.stateAt(3);
  for (const key of then.keys()) expectSame(plane.chunks.get(key), then.get(key));
  expect(plane.instances.classOf(one)).toBe("mitosis");
  expect(plane.instances.areaOf(one)).toBe(
    [...then.keys()].reduce(
      (n, key) => n + (then.get(key)?.filter((v) => v === one).length ?? 0),
      0,
    ),
  );
  expect(plane.instances.count).toBe(2);
});

test("from one moment to another only what differs is loaded", async () => {
  await paint(600, 600, 700, 600);
  await paint(20, 20, 90, 20);
  await settle(server, store);
  const first = await at(1);
  const nRemade = past.nRemade;
  const kept = first.chunks.get(chunkKey(1, 1));

  const second = await at(2, first);

  expect(second.chunks.get(chunkKey(1, 1))).toBe(kept);
  expect(past.nRemade).toBe(nRemade + 1);
});

test("a deleted object comes back with number and class, and undo takes it away again", async () => {
  const one = await paint(20, 20, 90, 20);
  await store.setClass([one], "mitosis");
  await settle(server, store);
  const area = store.instances.areaOf(one);
  await store.deleteInstance(one);
  await settle(server, store);

  const plan = await store.restore(await at(2), { id: one });
  expect(plan.back).toEqual([one]);
  expect(plan.taken).toEqual([]);
  expect(store.instances.areaOf(one)).toBe(area);
  expect(store.instances.classOf(one)).toBe("mitosis");
  await settle(server, store);
  expect(server.log.at(-1)?.kind).toBe("restore");
  expectTruth(server, store);

  await store.undo();
  await settle(server, store);
  expect(store.instances.areaOf(one)).toBe(0);
  expectTruth(server, store);
});

test("one object is restored alone, and whoever lay there since gives way with a number", async () => {
  const one = await paint(20, 20, 90, 20);
  const two = await paint(20, 200, 90, 200);
  await settle(server, store);
  const area = store.instances.areaOf(one);
  const twoBefore = countOf(two);
  await store.deleteInstance(one);
  await brush(store, two, line(20, 230, 90, 230), 8);
  const three = await paint(50, 0, 50, 60);
  await settle(server, store);
  const threeBefore = countOf(three);

  const plan = await store.restore(await at(2), { id: one });

  expect(countOf(one)).toBe(area);
  expect(plan.taken.map((each) => each.id)).toEqual([three]);
  expect(plan.taken[0]?.nPixels).toBe(threeBefore - countOf(three));
  expect(countOf(two)).toBeGreaterThan(twoBefore);
  await settle(server, store);
  expectTruth(server, store);
});

test("what an object has grown by is taken back from it, and nothing else", async () => {
  const one = await paint(20, 20, 90, 20);
  await settle(server, store);
  const area = countOf(one);
  await brush(store, one, line(20, 30, 600, 30), 8);
  await settle(server, store);

  await store.restore(await at(1), { id: one });

  expect(countOf(one)).toBe(area);
});

test("there is nothing to restore of what did not change", async () => {
  const one = await paint(20, 20, 90, 20);
  await settle(server, store);
  const plane = await at(1);

  await expect(store.restore(plane, { id: one })).rejects.toThrow("Object 1 is as it was then");
  await expect(store.restore(plane, { box: server.bounds })).rejects.toThrow("This part is");
});

test("a box is restored to the pixel, whatever was done since, and undo undoes just that", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(900), fc.nat(900), fc.nat(120)), { minLength: 2, maxLength: 6 }),
      fc.tuple(fc.nat(800), fc.nat(800), fc.integer({ min: 1, max: 400 })),
      fc.nat(5),
      async (strokes, [x, y, side], moment) => {
        server = new ReferenceServer(seeded(4));
        past = new PastServer(server);
        store = await openAll(server);
        for (const [sx, sy, length] of strokes) await paint(sx, sy, sx + length, sy + length / 2);
        await settle(server, store);
        const seq = Math.min(moment, server.log.length - 1);
        const then = await past.stateAt(seq);
        const now = await past.stateAt(server.log.length);
        const box = rect(x, y, Math.min(x + side, 1024), Math.min(y + side, 1024));
        const plane = await at(seq);

        const done = await store.restore(plane, { box }).catch(() => null);

        const check = (inside: typeof then) => {
          for (let py = 0; py < 1024; py += 3) {
            for (let px = 0; px < 1024; px += 3) {
              const isIn = px >= box.x0 && px < box.x1 && py >= box.y0 && py < box.y1;
              const want = (isIn ? inside : now).labelAt(px, py);
              if (store.replica.chunks.labelAt(px, py) !== want) throw new Error(`${px}, ${py}`);
            }
          }
        };
        check(then);
        if (done) await store.undo();
        check(now);
        await settle(server, store);
        expectTruth(server, store);
        store.close();
      },
    ),
    { numRuns: 8 },
  );
});

test("while the past is looked at nothing is edited, but it can be restored from", async () => {
  const lock = new EditLock();
  store = await openLayerStore({ api: server, layerId: "layer", user: "ana", lock });
  await store.ensure(server.bounds);
  const one = await paint(20, 20, 90, 20);
  await settle(server, store);
  await store.deleteInstance(one);
  await settle(server, store);

  lock.sentence = "This is the past.";

  const options = { kind: "brush", instanceId: one, radius: 5 } as const;
  expect(() => store.beginStroke(options)).toThrow("This is the past.");
  await expect(store.undo()).rejects.toThrow("This is the past.");
  await expect(store.deleteInstance(one)).rejects.toThrow("This is the past.");
  await store.restore(await at(1), { id: one });
  expect(store.instances.areaOf(one)).toBeGreaterThan(0);
  lock.sentence = null;
  await store.undo();
  expect(store.instances.areaOf(one)).toBe(0);
  store.close();
});
