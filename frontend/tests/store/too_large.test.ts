import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import { CHUNK } from "../../src/labels/chunks";
import { pixelsIn } from "../../src/labels/runs";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { FoundArea } from "../../src/store/edit_types";
import { IndexedJournal, type Journal } from "../../src/store/journal";
import { LocalSessionLocks } from "../../src/store/sessions";
import { brush, expectTruth, line, openAll, settle, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

const N_CHUNKS = 8;
/** What a proxy lets through: the pieces of a chunk or two of what is painted here. */
const MOST_BYTES = 2500;
let server: ReferenceServer;
let journal: Journal;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  server = new ReferenceServer(seeded(7), N_CHUNKS * CHUNK, CHUNK);
  journal = await IndexedJournal.open();
});
afterEach(() => journal.close());

const page = () => openAll(server, { journal, locks: new LocalSessionLocks() });

/** Scattered pixels of one object in some chunks, which do not pack well; more of them in one. */
function scattered(store: AnnotationPlane, instanceId: number, full = -1) {
  const random = seeded(11);
  const spans = [];
  for (let y = 0; y < CHUNK; y += 4) {
    for (let cx = 0; cx < N_CHUNKS; cx++) {
      for (let n = 0; n < (cx === full ? 30 : 5); n++) {
        const x0 = cx * CHUNK + 16 * n + Math.floor(random() * 12);
        spans.push({ y, lo: x0, hi: x0 + 1 + Math.floor(random() * 3) });
      }
    }
  }
  const found: FoundArea = { kind: "wand", spans, start: imagePoint(0, 0) };
  return store.fillArea(found, { kind: "brush", instanceId, radius: 0 });
}

test("an op that is too large goes in parts, which are one step of undo", async () => {
  const ana = await page();
  server.maxBytesPerPost = MOST_BYTES;
  const id = ana.nextInstanceId();
  const { nPixels } = (await scattered(ana, id)) ?? { nPixels: 0 };
  await brush(ana, id, line(100, 100, 3000, 110), 3);
  await settle(server, ana);
  expect(ana.aside.value).toEqual([]);
  expect(server.log.length).toBeGreaterThan(3);
  expect(server.log.slice(0, -1).reduce((sum, op) => sum + op.n_pixels, 0)).toBe(nPixels);
  expectTruth(server, ana);
  await ana.undo();
  await ana.undo();
  await settle(server, ana);
  expect(server.table.count).toBe(0);
  expect(ana.history.value).toMatchObject({ canUndo: false, canRedo: true });
  await ana.redo();
  await settle(server, ana);
  expect(server.table.areaOf(id)).toBe(nPixels);
  expectTruth(server, ana);
  expect((await journal.rows("ana", "layer")).rows).toEqual([]);
});

test("only the part that still is too large is set aside", async () => {
  const ana = await page();
  server.maxBytesPerPost = MOST_BYTES;
  await scattered(ana, ana.nextInstanceId(), 5);
  await settle(server, ana);
  expect(ana.aside.value.map((one) => one.rect?.x0)).toHaveLength(1);
  const { x0 = 0, x1 = 0 } = ana.aside.value[0]?.rect ?? rect(0, 0, 0, 0);
  expect([Math.floor(x0 / CHUNK), Math.floor((x1 - 1) / CHUNK)]).toEqual([5, 5]);
  expect(
    new Set(server.chunks.keys().filter((key) => server.chunks.get(key)?.some(Boolean))),
  ).toEqual(new Set([0, 1, 2, 3, 4, 6, 7]));
  expectTruth(server, ana);
  await ana.undo();
  await settle(server, ana);
  expect(server.table.count).toBe(0);
});

test("parts that a page leaves unsent come in their place before what was painted later", async () => {
  const ana = await page();
  server.trouble.isDown = true;
  await scattered(ana, 1);
  const over = ana.beginStroke({ kind: "brush", instanceId: 2, radius: 9, mode: "overwrite" });
  over.move(line(3600, 20, 4000, 60));
  await over.commit();
  const whole = ana.replica.pending[0];
  server.trouble.isDown = false;
  server.maxBytesPerPost = MOST_BYTES;
  // The first half arrives, then the page dies: the other half waits under a later name.
  ana.retrySaving();
  await until(() => server.log.length > 0, "the first part");
  server.trouble.isDown = true;
  ana.close();
  const left = (await journal.rows("ana", "layer")).rows;
  expect(left.length).toBeGreaterThan(1);
  server.trouble.isDown = false;
  const again = await page();
  await settle(server, again);
  expect(again.aside.value).toEqual([]);
  expect(server.log.every((op) => op.n_refused === 0)).toBe(true);
  const all = pixelsIn(whole?.edit ?? new Map());
  expect(server.log.reduce((sum, op) => sum + (op.kind === "wand" ? op.n_pixels : 0), 0)).toBe(all);
  expectTruth(server, again);
});
