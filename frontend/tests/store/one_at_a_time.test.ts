import { afterEach, beforeEach, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { MemoryJournal } from "../../src/store/journal";
import { openLayerStore } from "../../src/store/open";
import { LocalSessionLocks } from "../../src/store/sessions";
import { brush, expectAreas, expectTruth, line, open, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let store: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(5));
  server.draw(1, rect(500, 500, 530, 520));
  store = await openAll(server);
});
afterEach(() => store.close());

test("two undos pressed at once take two steps back, and two redos bring both again", async () => {
  const id = store.nextInstanceId();
  await brush(store, id, line(50, 50));
  const afterOne = store.instances.areaOf(id);
  await brush(store, id, line(80, 50));
  const afterTwo = store.instances.areaOf(id);
  await Promise.all([store.undo(), store.undo()]);
  expect(store.instances.areaOf(id)).toBe(0);
  await Promise.all([store.redo(), store.redo()]);
  expect(store.instances.areaOf(id)).toBe(afterTwo);
  await store.undo();
  expect(store.instances.areaOf(id)).toBe(afterOne);
  await settle(server, store);
  expectTruth(server, store);
});

test("a refused edit does not keep the next one from being made", async () => {
  const [refused, done] = await Promise.allSettled([store.merge(1, 99), store.deleteInstance(1)]);
  expect(refused.status).toBe("rejected");
  expect(done.status).toBe("fulfilled");
  expect(store.isBusy).toBe(false);
  expectAreas(store);
});

test("nothing is painted while an edit waits for its turn", async () => {
  const edits = [store.deleteInstance(1), store.undo()];
  expect(() => store.beginStroke({ kind: "brush", instanceId: 7, radius: 3 })).toThrow(/Wait/);
  await Promise.all(edits);
  expect(store.instances.areaOf(1)).toBe(600);
  store.beginStroke({ kind: "brush", instanceId: 7, radius: 3 }).cancel();
});

test("flush waits for a stroke that is still being packed", async () => {
  const stroke = store.beginStroke({ kind: "brush", instanceId: 7, radius: 3 });
  stroke.move(line(50, 50));
  void stroke.commit();
  await store.flush();
  expect(server.log.map((op) => op.kind)).toEqual(["brush"]);
});

test("flush waits for edits that wait for their turn", async () => {
  void store.deleteInstance(1);
  void store.undo();
  await store.flush();
  expect(server.log.map((op) => op.kind)).toEqual(["delete", "undo"]);
});

test("flush waits for a stroke over an area that is still loading", async () => {
  const lazy = await open(server);
  const stroke = lazy.beginStroke({ kind: "brush", instanceId: 9, radius: 3 });
  stroke.move(line(700, 700));
  void stroke.commit();
  await lazy.flush();
  expect(server.log).toHaveLength(1);
  lazy.close();
});

test("an undo names the op that it takes back by its session and count", async () => {
  const id = store.nextInstanceId();
  const made = await brush(store, id, line(50, 50));
  await store.undo();
  const undone = store.recorder.history.peek("redo")[0]?.op;
  await store.redo();
  await settle(server, store);
  const { session } = server.log[0] as { session: string };
  expect(server.log[1]?.meta.undo_of).toEqual({ session, n: made?.n });
  expect(server.log[2]?.meta.redo_of).toEqual({ session, n: undone?.n });
});

test("a page that is open has ids: who paints at once is not told to wait", async () => {
  const options = { api: server, layerId: "layer", user: "ben", journal: new MemoryJournal() };
  const ben = await openLayerStore({ ...options, locks: new LocalSessionLocks() });
  expect(ben.nextInstanceId()).toBeGreaterThan(1);
  ben.close();
});
