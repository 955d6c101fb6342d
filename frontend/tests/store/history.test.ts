import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK, CHUNK_PIXELS } from "../../src/labels/chunks";
import { encodeEdit } from "../../src/labels/codec";
import { gzip } from "../../src/labels/gzip";
import { type Edit, extractRuns, RunsBuilder } from "../../src/labels/runs";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { History } from "../../src/store/history";
import { IndexedJournal, type Journal, MemoryJournal } from "../../src/store/journal";
import { ownOp } from "../../src/store/replica";
import { LocalSessionLocks } from "../../src/store/sessions";
import { brush, expectTruth, line, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

const body = gzip(encodeEdit(new Map()));

/** An edit that counts as so many megabytes. */
function ofSize(megabytes: number): Edit {
  const count = (megabytes << 20) / 16;
  const none = new Uint32Array(0);
  return new Map([[0, { count, start: none, length: none, before: none, after: none }]]);
}

function groupsOf(history: History): (string | undefined)[] {
  const groups = [];
  for (let steps = history.peek("undo"); steps.length > 0; steps = history.peek("undo")) {
    groups.push(...steps.map((step) => step.meta.group));
    history.take("undo", steps);
  }
  return groups.reverse();
}

test("what is undone together is forgotten together, and the newest of it never", () => {
  const history = new History(new MemoryJournal(), "place");
  const record = (group: string, megabytes: number) =>
    history.record(ownOp("s", 1, "accept", ofSize(megabytes)), { group }, body);

  for (const group of ["a", "a", "b", "c", "c", "c"]) record(group, 15);
  expect(groupsOf(history)).toEqual(["b", "c", "c", "c"]);

  for (const group of ["d", "e", "e", "e"]) record(group, 30);
  expect(groupsOf(history)).toEqual(["e", "e", "e"]);
});

let server: ReferenceServer;
let journal: Journal;
let stores: AnnotationPlane[];

beforeEach(async () => {
  server = new ReferenceServer(seeded(2));
  journal = await IndexedJournal.open(`history ${Math.random()}`);
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
});

async function open(): Promise<AnnotationPlane> {
  const store = await openAll(server, { journal, locks: new LocalSessionLocks() });
  stores.push(store);
  return store;
}

/** A draft of many small objects, 5 pixels apart. */
function manyObjects(n: number): ReferenceServer {
  const draft = new ReferenceServer(seeded(3), 1024, 1024, "prediction");
  const labels = draft.chunks.writable(0) as Uint32Array;
  for (let i = 0; i < n; i++) {
    const start = Math.floor(i / 100) * 5 * CHUNK + (i % 100) * 5;
    for (let y = 0; y < 3; y++) labels.fill(i + 1, start + y * CHUNK, start + y * CHUNK + 3);
  }
  const runs = new RunsBuilder();
  extractRuns(new Uint32Array(CHUNK_PIXELS), labels, rect(0, 0, CHUNK, CHUNK), runs);
  draft.table.countRuns(0, runs.build(), 1);
  return draft;
}

test("thousands that were accepted are one step, also after a reload, and come back as one", async () => {
  const n = 6000; // more than fit into one op
  server.drafts.set("draft", manyObjects(n));
  const first = await open();
  const mine = first.nextInstanceId();
  await brush(first, mine, line(700, 700, 800, 700));
  const draft = await first.openDraft("draft");
  const done = await first.acceptMany(draft, draft.instances.ids());
  expect(done).toBe(n);
  await settle(server, first);
  expect(server.log.length).toBeGreaterThan(2);
  first.close();

  const second = await open();
  expect(second.history.value.undoKind).toBe("accept");
  await second.undo();
  await settle(server, second);

  expect([...second.instances.ids()]).toEqual([mine]);
  expect(second.history.value.undoKind).toBe("brush");
  expectTruth(server, second);
  await second.redo();
  await settle(server, second);
  expect(second.instances.count).toBe(n + 1);
  expectTruth(server, second);
});
