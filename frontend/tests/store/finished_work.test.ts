import { afterEach, beforeEach, expect, test } from "vitest";
import { EMPTY_RECT, rect } from "../../src/geometry/rect";
import { coveredPart, filledPart } from "../../src/labels/overlap";
import type { Span } from "../../src/labels/spans";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { FinishedWork } from "../../src/store/finished_work";
import type { DraftStore } from "../../src/store/types";
import { brush, line, open, settle, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let draftServer: ReferenceServer;
let store: AnnotationPlane;
let draft: DraftStore;
let work: FinishedWork;

beforeEach(async () => {
  server = new ReferenceServer(seeded(3));
  draftServer = new ReferenceServer(seeded(4), 1024, 1024, "prediction");
  server.drafts.set("draft", draftServer);
  draftServer.draw(1, rect(100, 100, 140, 140), 0.9);
  draftServer.draw(2, rect(300, 300, 340, 340), 0.2);
  draftServer.draw(3, rect(600, 600, 640, 640), 0.5); // in another chunk
  store = await open(server);
  draft = await store.openDraft("draft");
  await draft.ensure(server.bounds);
  work = new FinishedWork(draft, store);
});
afterEach(() => work.close());

test("what is on empty ground waits, most doubtful first", () => {
  expect(work.open()).toEqual([2, 3, 1]);
});

test("half covered is finished, less is not", async () => {
  await store.ensure(server.bounds);
  const stroke = (y: number) => brush(store, store.nextInstanceId(), line(95, y, 145, y), 8);
  await stroke(100);
  await until(() => work.open().length === 3, "measured");
  expect(work.isFinished(1)).toBe(false);
  const changed: (readonly number[] | null)[] = [];
  work.onChange((ids) => changed.push(ids));
  await stroke(117);
  await until(() => work.isFinished(1), "covered");
  expect(changed).toEqual([[1]]);
  expect(work.open()).toEqual([2, 3]);
  await store.undo();
  await until(() => !work.isFinished(1), "uncovered");
});

test("a whole annotation that is not loaded is guessed from boxes, then looked at", async () => {
  server.draw(7, rect(600, 600, 640, 640));
  // Its box fills that of 1, its pixels only a corner.
  server.draw(8, rect(100, 100, 140, 140));
  for (let y = 100; y < 140; y++) {
    for (let x = 100; x < 140; x++) {
      const labels = server.chunks.writable(0) as Uint32Array;
      if (x > 105 || y > 105) labels[y * 512 + x] = 0;
    }
  }
  const other = await open(server);
  const its = await other.openDraft("draft");
  const fresh = new FinishedWork(its, other);
  expect([1, 2, 3].map((id) => fresh.isFinished(id))).toEqual([true, false, true]);
  expect(await fresh.look(1)).toBe(false);
  expect(await fresh.look(3)).toBe(true);
  expect(fresh.open()).toEqual([2, 1]);
  fresh.close();
});

test("submitted and blind regions finish what lies in them", async () => {
  const told: unknown[] = [];
  work.onChange((ids) => told.push(ids));
  // The middle of 2 lies inside; 1 only reaches into the blind region.
  const [submitted, blind] = [rect(310, 310, 400, 400), rect(0, 0, 101, 101)];
  const [here, above] = [0, 1].map((z) => ({ t: 0, z, depth: 1 }));
  work.setRegions({
    submitted: [{ box: submitted, ...(above as Span) }],
    blind: [{ box: blind, ...(above as Span) }],
  });
  expect([1, 2, 3].map((id) => work.isFinished(id))).toEqual([false, false, false]);
  told.length = 0;
  work.setRegions({
    submitted: [{ box: submitted, ...(here as Span) }],
    blind: [{ box: blind, ...(here as Span) }],
  });
  expect(told).toEqual([null]);
  expect([1, 2, 3].map((id) => work.isFinished(id))).toEqual([true, true, false]);
  expect([1, 2, 3].map((id) => work.isBlind(id))).toEqual([true, false, false]);
  work.setRegions({ submitted: [], blind: [] });
  expect(work.open()).toHaveLength(3);
});

test("decided ones are not open", async () => {
  await store.acceptDraft(draft, 1);
  draft.reject([2]);
  await settle(server, store);
  expect(work.open()).toEqual([3]);
});

test("parts are counted over chunk borders and unknown where nothing is loaded", () => {
  const box = rect(500, 500, 520, 520);
  const at = (label: number, from: number) => ({
    chunkAt: (cy: number, cx: number) => {
      const labels = new Uint32Array(512 * 512);
      for (let y = 500; y < 520; y++) {
        for (let x = from; x < 520; x++) {
          if (Math.floor(y / 512) === cy && Math.floor(x / 512) === cx) {
            labels[(y % 512) * 512 + (x % 512)] = label;
          }
        }
      }
      return labels;
    },
  });
  expect(coveredPart(5, box, at(5, 500), at(9, 515))).toBe(0.25);
  expect(coveredPart(6, box, at(5, 500), at(9, 515))).toBeNull();
  expect(coveredPart(5, box, at(5, 500), { chunkAt: () => undefined })).toBeNull();
  expect(filledPart(box, [rect(510, 500, 530, 520)])).toBe(0.5);
  expect(filledPart(EMPTY_RECT, [box])).toBe(0);
});
