import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../../src/api/client";
import { imagePoint } from "../../src/geometry/points";
import { encodeEdit } from "../../src/labels/codec";
import { gzip } from "../../src/labels/gzip";
import { type Edit, RunsBuilder } from "../../src/labels/runs";
import { IndexedJournal, type Journal, MemoryJournal, openJournal } from "../../src/store/journal";
import { LocalSessionLocks, WebSessionLocks } from "../../src/store/sessions";
import { expectSame } from "../arrays";
import { brush, expectTruth, line, open, openAll, settle, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let journal: Journal;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  server = new ReferenceServer(seeded(7));
  journal = await IndexedJournal.open();
});
afterEach(() => journal.close());

/** Each page has locks of its own: a page that crashed holds none. */
const page = (more = {}) => openAll(server, { journal, locks: new LocalSessionLocks(), ...more });
const at = (x: number, y: number) => imagePoint(x, y);
const kept = () => journal.rows("ana", "layer");

const failure = (status: number, code = "some_code") =>
  new ApiError(status, { code, message: `The server says ${status}.` });

test("a stroke is in the journal before its commit resolves, and leaves it when saved", async () => {
  server.trouble.isDown = true;
  const ana = await page().catch(() => null);
  expect(ana).toBeNull(); // ids cannot be had: the helper gives up
  server.trouble.isDown = false;
  const ben = await page();
  server.trouble.isDown = true;
  await brush(ben, ben.nextInstanceId(), line(50, 50));
  expect((await kept()).rows).toHaveLength(1);
  await until(() => ben.saveState.value.state === "offline", "offline");
  expect(ben.saveState.value).toMatchObject({ queued: 1, online: false });
  server.trouble.isDown = false;
  ben.retrySaving();
  await settle(server, ben);
  await until(() => ben.saveState.value.state === "saved", "saved");
  expect((await kept()).rows).toHaveLength(0);
});

test("a stroke is not called saved from the moment the hand lets go", async () => {
  const ana = await page();
  const done = brush(ana, ana.nextInstanceId(), line(50, 50));
  expect(ana.saveState.value).toMatchObject({ state: "saving", queued: 1 });
  await done;
  await settle(server, ana);
  expect(ana.saveState.value).toMatchObject({ state: "saved", queued: 0 });
});

test("every committed stroke survives a crash of the page, in its order", async () => {
  const first = await page();
  const ids = [first.nextInstanceId(), first.nextInstanceId(), first.nextInstanceId()] as const;
  server.trouble.isDown = true;
  await brush(first, ids[0], line(50, 50, 90, 50));
  await brush(first, ids[1], line(300, 300));
  await first.undo();
  await brush(first, ids[2], line(512, 512), 30);
  const { chunks } = first.replica;
  const expected = new Map(chunks.keys().map((key) => [key, chunks.get(key)?.slice()]));
  first.recorder.close(); // the page is gone
  server.trouble.isDown = false;

  const second = await page();
  expect(second.replica.pending).toHaveLength(4);
  await settle(server, second);
  expect(server.log.map((op) => op.kind)).toEqual(["brush", "brush", "undo", "brush"]);
  expectTruth(server, second);
  for (const key of second.replica.chunks.keys()) {
    expectSame(second.replica.chunks.get(key), expected.get(key));
  }
  expect((await kept()).rows).toHaveLength(0);
});

test("a half-drawn stroke comes back too", async () => {
  const first = await page();
  const id = first.nextInstanceId();
  const stroke = first.beginStroke({ kind: "brush", instanceId: id, radius: 8 });
  stroke.move(line(100, 100, 140, 100));
  first.keepSafe(false);
  await expect.poll(async () => (await kept()).drafts.length).toBe(1);
  first.recorder.close();

  const second = await page();
  expect(second.labelAt(at(120, 100))).toBe(id);
  await settle(server, second);
  expect(server.log).toHaveLength(1);
  const after = await kept();
  expect([after.rows.length, after.drafts.length]).toEqual([0, 0]);
});

test("a cancelled stroke leaves no draft behind", async () => {
  const ana = await page();
  const stroke = ana.beginStroke({ kind: "brush", instanceId: ana.nextInstanceId(), radius: 8 });
  stroke.move(line(100, 100));
  ana.keepSafe(false);
  stroke.cancel();
  await ana.flush();
  expect((await kept()).drafts).toHaveLength(0);
});

test("a stroke that reached the server although its answer was lost is not applied twice", async () => {
  const first = await page();
  server.trouble.dropAnswer = 1;
  const id = first.nextInstanceId();
  await brush(first, id, line(50, 50));
  await until(() => server.log.length === 1, "the op");
  first.recorder.close();
  first.inbox.close();
  server.trouble.dropAnswer = 0;

  const other = await page({ user: "ben", journal: new MemoryJournal() });
  await other.deleteInstance(id);
  await settle(server, other);
  const second = await page();
  await settle(server, second, other);
  expect(server.log).toHaveLength(2);
  expect(second.labelAt(at(50, 50))).toBe(0);
  expectTruth(server, second);
});

test("strokes of a living tab, of another person and of another layer are left alone", async () => {
  const locks = new LocalSessionLocks();
  const first = await page({ locks });
  server.trouble.isDown = true;
  await brush(first, first.nextInstanceId(), line(50, 50));
  await until(() => first.saveState.value.state === "offline", "offline");
  first.recorder.close();
  server.trouble.isDown = false;
  expect((await page({ locks })).replica.pending).toHaveLength(0);
  expect((await page({ user: "ben" })).replica.pending).toHaveLength(0);
  expect((await page()).replica.pending).toHaveLength(1);
});

test("undo reaches back before the reload", async () => {
  const first = await page();
  const id = first.nextInstanceId();
  await brush(first, id, line(50, 50));
  await brush(first, id, line(80, 50));
  await first.undo();
  await settle(server, first);
  first.close();

  const second = await page();
  expect(second.history.value).toMatchObject({ canUndo: true, canRedo: true, undoKind: "brush" });
  await second.redo();
  expect(second.labelAt(at(80, 50))).toBe(id);
  await second.undo();
  await second.undo();
  expect(second.instances.areaOf(id)).toBe(0);
  expect(second.history.value.canUndo).toBe(false);
  await settle(server, second);
  expectTruth(server, second);
});

describe("answers of the server", () => {
  test("signed out: strokes stay, and go when the person is back", async () => {
    const ana = await page();
    server.trouble.error = failure(401, "not_authenticated");
    await brush(ana, ana.nextInstanceId(), line(50, 50));
    await until(() => ana.saveState.value.state === "login-needed", "login-needed");
    expect((await kept()).rows).toHaveLength(1);
    server.trouble.error = null;
    ana.retrySaving();
    await settle(server, ana);
    expect(server.log).toHaveLength(1);
  });

  test.each([
    [403, "refused"],
    [404, "refused"],
    [500, "server-trouble"],
    [503, "server-trouble"],
    [429, "server-trouble"],
  ])("%i keeps the strokes and shows %s", async (status, shown) => {
    const ana = await page();
    const id = ana.nextInstanceId();
    server.trouble.error = failure(status);
    await brush(ana, id, line(50, 50));
    await until(() => ana.saveState.value.state === shown, shown);
    expect((await kept()).rows).toHaveLength(1);
    server.trouble.error = null;
    ana.retrySaving();
    await settle(server, ana);
    expect((await kept()).rows).toHaveLength(0);
  });

  test("too large: the batch is split until it fits", async () => {
    const ana = await page();
    const id = ana.nextInstanceId();
    server.trouble.isDown = true;
    for (let i = 0; i < 9; i++) await brush(ana, id, line(50 + 20 * i, 50));
    await until(() => ana.saveState.value.state === "offline", "offline");
    server.trouble.isDown = false;
    server.maxOpsPerPost = 2;
    ana.retrySaving();
    await settle(server, ana);
    expect(server.log.map((op) => op.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("many waiting strokes go in few requests", async () => {
    const ana = await page();
    const id = ana.nextInstanceId();
    server.trouble.isDown = true;
    for (let i = 0; i < 40; i++) await brush(ana, id, line(50 + 20 * i, 50));
    await until(() => ana.saveState.value.state === "offline", "offline");
    server.trouble.isDown = false;
    server.nPosts = 0;
    ana.retrySaving();
    await settle(server, ana);
    expect(server.nPosts).toBeLessThanOrEqual(2);
    expect(server.largestBatch).toBe(40);
  });

  test("an op that the server will never take is set aside and does not block the rest", async () => {
    const first = await page();
    const runs = new RunsBuilder();
    runs.add(0, 10, 0, 5);
    const edit: Edit = new Map([[0, runs.build()]]);
    const body = await gzip(encodeEdit(edit));
    const base = { session: "dead", layer: "layer", user: "ana", savedAt: 1, t: 0, z: 0, meta: {} };
    await journal.put({ ...base, type: "op", n: 1, kind: "poison", body });
    first.close();

    const second = await page();
    expect(second.labelAt(at(5.5, 0.5))).toBe(5);
    await brush(second, second.nextInstanceId(), line(300, 300));
    await settle(server, second);
    await until(() => second.aside.value.length === 1, "set aside");
    expect(second.aside.value[0]).toMatchObject({ kind: "poison", why: "Not an op.", nPixels: 10 });
    expect(second.labelAt(at(5.5, 0.5))).toBe(0);
    expect(server.log).toHaveLength(1);
    expectTruth(server, second);
    expect((await kept()).rows).toHaveLength(0);
  });
});

describe("what was set aside", () => {
  const base = { session: "dead", layer: "layer", user: "ana", savedAt: 1, t: 0, z: 0, meta: {} };

  async function withAside() {
    const runs = new RunsBuilder();
    runs.add(0, 10, 0, 1);
    const body = await gzip(encodeEdit(new Map([[0, runs.build()]])));
    await journal.setAside({ ...base, type: "op", n: 1, kind: "brush", body }, "No room.");
    const ana = await page();
    return { ana, key: ana.aside.value[0]?.key ?? "" };
  }

  test("is listed after a reload and can be sent again", async () => {
    const { ana, key } = await withAside();
    expect(ana.aside.value).toMatchObject([{ kind: "brush", why: "No room.", at: 1, nPixels: 10 }]);
    expect(server.log).toHaveLength(0);
    await ana.retryAside(key);
    await settle(server, ana);
    expect(ana.labelAt(at(5.5, 0.5))).toBe(1);
    expect([server.log.length, ana.aside.value.length]).toEqual([1, 0]);
    expect([(await kept()).rows, await journal.asides("ana", "layer")]).toEqual([[], []]);
    await expect(ana.retryAside(key)).rejects.toThrow("not in the list");
  });

  test("comes back to the list when it is refused again", async () => {
    const { ana, key } = await withAside();
    server.trouble.error = failure(400);
    await ana.retryAside(key);
    await until(() => ana.aside.value[0]?.why === "The server says 400.", "listed again");
    server.trouble.error = null;
    expect(ana.labelAt(at(5.5, 0.5))).toBe(0);
    expect(await journal.asides("ana", "layer")).toHaveLength(1);
  });

  test("can be kept as a file and discarded, by its own person only", async () => {
    const { ana, key } = await withAside();
    const file = JSON.parse(ana.asideFile(key));
    expect(file).toMatchObject({ kind: "brush", why: "No room.", session: "dead" });
    expect(file.body.length).toBeGreaterThan(10);
    expect(await journal.asides("ben", "layer")).toEqual([]);
    await ana.discardAside(key);
    expect([ana.aside.value, await journal.asides("ana", "layer")]).toEqual([[], []]);
  });

  test("holds strokes that cannot be read too", async () => {
    const body = new Uint8Array([1, 2, 3]);
    await journal.put({ ...base, type: "op", n: 4, kind: "brush", body });
    const ana = await page();
    const [damaged] = ana.aside.value;
    expect(damaged?.why).toContain("damaged");
    await expect(ana.retryAside(damaged?.key ?? "")).rejects.toThrow("damaged");
    expect(ana.aside.value).toHaveLength(1);
  });
});

test("without storage in the browser the state says so until everything is saved", async () => {
  const ana = await open(server, { journal: new MemoryJournal() });
  await ana.ensure(server.bounds);
  server.trouble.isDown = true;
  await brush(ana, ana.nextInstanceId(), line(50, 50));
  await until(() => ana.saveState.value.state === "storage-blocked", "storage-blocked");
  expect(ana.saveState.value.lastError).not.toBeNull();
  server.trouble.isDown = false;
  ana.retrySaving();
  await settle(server, ana);
  await until(() => ana.saveState.value.state === "saved", "saved");
});

test("a browser that refuses storage gets a journal in memory", async () => {
  const working = globalThis.indexedDB;
  Object.assign(globalThis, { indexedDB: undefined });
  expect((await openJournal()).isDurable).toBe(false);
  globalThis.indexedDB = working;
});

test("a session's web lock can be taken over only when nobody holds it", async () => {
  const held = new Set<string>();
  const manager = {
    async request(name: string, options: LockOptions, run: (lock: object | null) => Promise<void>) {
      if (held.has(name) && options.ifAvailable) return run(null);
      held.add(name);
      await run({});
      held.delete(name);
    },
  } as unknown as LockManager;
  const locks = new WebSessionLocks(manager);
  const release = await locks.hold("a");
  expect(await locks.takeOver("a")).toBeNull();
  release();
  await until(() => held.size === 0, "release");
  expect(await locks.takeOver("a")).not.toBeNull();
});
