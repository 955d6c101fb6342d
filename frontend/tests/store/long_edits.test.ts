import { beforeEach, describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK } from "../../src/labels/chunks";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { open, settle, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

/** More chunks than may be unsaved, which are more than are kept. */
const [N_CHUNKS, MOST_UNSAVED, KEPT] = [72, 32, 20];
const SIDE = 20;
let server: ReferenceServer;

/** An object in each chunk, and in the edge to the next one. */
function drawn(kind: "annotation" | "prediction" = "annotation"): ReferenceServer {
  const made = new ReferenceServer(seeded(5), N_CHUNKS * CHUNK, CHUNK, kind);
  for (let n = 0; n < N_CHUNKS; n++) {
    const x = n * CHUNK;
    made.draw(2 * n + 1, rect(x + 50, 10, x + 50 + SIDE, 10 + SIDE), 0.5);
    if (n > 0) made.draw(2 * n, rect(x - 10, 10, x - 10 + SIDE, 10 + SIDE), 0.5);
  }
  return made;
}

const N_OBJECTS = 2 * N_CHUNKS - 1;
const all = Array.from({ length: N_OBJECTS }, (_, i) => i + 1);
const openOne = () => open(server, { chunkLimit: KEPT, mostUnsaved: MOST_UNSAVED });

/** The most chunks that were changed and not saved, and that were held, at any time. */
function watched(store: AnnotationPlane): { unsaved: number; held: number } {
  const most = { unsaved: 0, held: 0 };
  store.onDirty(() => {
    const { pending, chunks } = store.replica;
    const keys = new Set(pending.flatMap((op) => [...op.edit.keys()]));
    most.unsaved = Math.max(most.unsaved, keys.size);
    most.held = Math.max(most.held, chunks.size);
  });
  return most;
}

beforeEach(() => {
  server = drawn();
});

describe("deleting more than may be unsaved", () => {
  test("waits for the server part by part, is one step of undo, and never holds much", async () => {
    const ana = await openOne();
    const most = watched(ana);
    expect(await ana.deleteMany(all)).toEqual({ nDone: N_OBJECTS, nElsewhere: 0 });
    await settle(server, ana);
    expect(server.table.count).toBe(0);
    await ana.undo();
    await settle(server, ana);
    expect([...server.table.ids()]).toEqual(all);
    expect(all.every((id) => server.table.areaOf(id) === SIDE * SIDE)).toBe(true);
    expect(ana.history.value).toMatchObject({ canUndo: false, canRedo: true });
    await ana.redo();
    await settle(server, ana);
    expect(server.table.count).toBe(0);
    expect(most.unsaved).toBeGreaterThan(MOST_UNSAVED / 2);
    expect(most.unsaved).toBeLessThanOrEqual(MOST_UNSAVED);
    expect(most.held).toBeLessThanOrEqual(MOST_UNSAVED + KEPT + 16);
  });

  test("tells how far it is", async () => {
    const ana = await openOne();
    const told: (number | undefined)[] = [];
    ana.longEdit.subscribe((edit) => told.push(edit?.part));
    await ana.deleteMany(all);
    expect(told).toEqual([undefined, 0, 1 / 5, 2 / 5, 3 / 5, 4 / 5, undefined]);
  });

  test("stopped while the server is away, it leaves a part, says so, and undo takes it back", async () => {
    const ana = await openOne();
    server.trouble.noPosts = true;
    const deleting = ana.deleteMany(all);
    const refused = expect(deleting).rejects.toMatchObject({
      code: "in_part",
      message: expect.stringContaining("Stopped. 63 of 143 objects are deleted"),
    });
    await until(() => ana.longEdit.value?.isWaiting === true, "it waits");
    ana.longEdit.value?.stop();
    await refused;
    expect(ana.isBusy).toBe(false);
    expect(ana.longEdit.value).toBe(null);
    server.trouble.noPosts = false;
    ana.retrySaving();
    await settle(server, ana);
    expect(server.table.areaOf(1)).toBe(0);
    expect(server.table.areaOf(N_OBJECTS)).toBe(SIDE * SIDE);
    await ana.undo();
    await settle(server, ana);
    expect(all.every((id) => server.table.areaOf(id) === SIDE * SIDE)).toBe(true);
    expect(all.every((id) => ana.instances.areaOf(id) === SIDE * SIDE)).toBe(true);
  });

  test("an undo that is stopped goes on with the next one", async () => {
    const ana = await openOne();
    await ana.deleteMany(all);
    await settle(server, ana);
    const undoing = ana.undo();
    const refused = expect(undoing).rejects.toMatchObject({ code: "in_part" });
    await until(() => (ana.longEdit.value?.part ?? 0) > 0, "it has begun");
    ana.longEdit.value?.stop();
    await refused;
    await settle(server, ana);
    expect(server.table.count).toBeLessThan(N_OBJECTS);
    expect(ana.history.value).toMatchObject({ canUndo: true, canRedo: true });
    await ana.undo();
    await settle(server, ana);
    expect(all.every((id) => server.table.areaOf(id) === SIDE * SIDE)).toBe(true);
    await ana.redo();
    await settle(server, ana);
    expect(server.table.count).toBe(0);
  });
});

test("accepting very many takes whole objects, part by part, and undo reopens all", async () => {
  const draft = drawn("prediction");
  server = new ReferenceServer(seeded(6), N_CHUNKS * CHUNK, CHUNK);
  server.drafts.set("draft", draft);
  const ana = await openOne();
  const most = watched(ana);
  const proposed = await ana.openDraft("draft");
  expect(await ana.acceptMany(proposed, all.toReversed())).toBe(N_OBJECTS);
  await settle(server, ana);
  expect(server.table.count).toBe(N_OBJECTS);
  expect([...server.table.ids()].every((id) => server.table.areaOf(id) === SIDE * SIDE)).toBe(true);
  const accepted = server.log.flatMap((op) => op.meta.accepts ?? []);
  expect(new Set(accepted.map((one) => one.instance_id)).size).toBe(N_OBJECTS);
  expect(accepted.length).toBe(N_OBJECTS);
  expect(most.unsaved).toBeLessThanOrEqual(MOST_UNSAVED);
  await ana.undo();
  await settle(server, ana);
  expect(server.table.count).toBe(0);
  expect(proposed.instances.countIn("proposed")).toBe(N_OBJECTS);
});
