import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rect } from "../../src/geometry/rect";
import { applyEdit } from "../../src/labels/runs";
import { acceptEdit } from "../../src/store/edits";
import { IndexedJournal, type Journal } from "../../src/store/journal";
import { placesOf } from "../../src/store/relabel_many";
import { combined } from "../../src/store/save_states";
import type { SaveState } from "../../src/store/saving_types";
import { LocalSessionLocks } from "../../src/store/sessions";
import { openStack, type StackStore } from "../../src/store/stack";
import type { LayerStore } from "../../src/store/types";
import { expectSame } from "../arrays";
import { brush, line, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

/** Every pixel of a plane. */
const whole = () => placesOf([server.bounds], server.width, server.height);

let server: ReferenceServer;
let journal: Journal;
let stacks: StackStore[];
let nJournals = 0;

beforeEach(async () => {
  server = new ReferenceServer(seeded(5));
  journal = await IndexedJournal.open(`stack ${nJournals++}`);
  stacks = [];
});
afterEach(() => {
  for (const stack of stacks) stack.close();
});

async function open(z = 0, locks = new LocalSessionLocks()): Promise<StackStore> {
  const plane = { t: 0, z };
  const stack = await openStack({
    ...{ api: server, layerId: "layer", user: "ana", journal, locks, plane },
  });
  stacks.push(stack);
  return stack;
}

async function go(stack: StackStore, z: number): Promise<void> {
  const store = await stack.prepare({ t: 0, z });
  await store.ensure(server.bounds);
  stack.show(store);
}

/** One stroke on the plane that is shown. */
async function paint(stack: LayerStore, y = 50): Promise<number> {
  await stack.ensure(server.bounds);
  const id = stack.nextInstanceId();
  await brush(stack as never, id, line(20, y, 80, y));
  return id;
}

/** The server's labels of the first chunk of a plane. */
const labelsOf = (z: number) => server.chunksOf(0, z).get(0) as Uint32Array;

describe("a plane that is left", () => {
  test("goes on saving, and is closed only when the server has everything", async () => {
    const stack = await open();
    server.trouble.isDown = true;
    await paint(stack);
    const left = stack.plane;
    stack.keep([]);
    await go(stack, 1);
    await paint(stack, 90);
    stack.keep([{ t: 0, z: 1 }]);
    expect(stack.saveState.value.queued).toBe(2);
    await until(() => stack.saveState.value.state === "offline", "offline");

    server.trouble.isDown = false;
    stack.retrySaving();
    await stack.flush();
    expect(labelsOf(0)[50 * 512 + 40]).not.toBe(0);
    expect(labelsOf(1)[90 * 512 + 40]).not.toBe(0);
    expect(labelsOf(1)[50 * 512 + 40]).toBe(0);
    const again = () => stack.prepare({ t: 0, z: 0 });
    await until(() => stack.saveState.value.queued === 0, "all saved");
    await new Promise((done) => setTimeout(done, 20));
    expect(await again()).not.toBe(left);
  });

  test("is the same store when one comes back before it is saved", async () => {
    const stack = await open();
    const first = stack.plane;
    server.trouble.isDown = true;
    await paint(stack);
    stack.keep([]);
    await go(stack, 1);
    stack.keep([{ t: 0, z: 1 }]);
    await go(stack, 0);
    expect(stack.plane).toBe(first);
    server.trouble.isDown = false;
    stack.retrySaving();
    await stack.flush();
    await new Promise((done) => setTimeout(done, 20));
    // Still open: it can be painted on.
    await paint(stack, 90);
    await stack.flush();
    expect(labelsOf(0)[90 * 512 + 40]).not.toBe(0);
  });

  test("keeps its own history", async () => {
    const stack = await open();
    await paint(stack);
    await go(stack, 1);
    expect(stack.history.value.canUndo).toBe(false);
    await go(stack, 0);
    expect(stack.history.value.undoKind).toBe("brush");
    await stack.undo();
    await stack.flush();
    expect(labelsOf(0).every((label) => label === 0)).toBe(true);
  });
});

test("all planes share one stream and one block of ids", async () => {
  const connect = vi.spyOn(server, "events");
  const reserve = vi.spyOn(server, "reserveIds");
  const stack = await open();
  await go(stack, 1);
  await go(stack, 2);
  expect(connect).toHaveBeenCalledTimes(1);
  expect(reserve).toHaveBeenCalledTimes(1);
  const ids = [
    await paint(stack),
    await paint((await stack.prepare({ t: 0, z: 1 })) as LayerStore),
  ];
  expect(new Set(ids).size).toBe(2);
});

test("an object painted on one plane is known on the others, with its planes", async () => {
  const stack = await open(1);
  const above = await stack.prepare({ t: 0, z: 2 });
  const id = await paint(stack);
  await stack.flush();
  await until(() => above.instances.get(id) !== undefined, "told of");
  expect(above.instances.get(id)).toMatchObject({ z: 1, depth: 1 });
  expect(above.instances.areaOf(id)).toBe(stack.instances.areaOf(id));
  // Not on this plane, but in the span of both.
  expect([...above.instances.within(server.bounds)]).toEqual([]);
  expect([...above.instances.within(server.bounds, { t: 0, z: 0, depth: 3 })]).toEqual([id]);
});

describe("a copy to another plane", () => {
  test("has the same pixels and id, spares others, and is undone there", async () => {
    const stack = await open(2);
    const id = await paint(stack);
    const source = stack.plane;
    await go(stack, 3);
    const other = stack.nextInstanceId();
    await brush(stack as never, other, line(70, 30, 70, 70));
    const before = (stack.chunkAt(0, 0) as Uint32Array).slice();
    await stack.copyFrom(source, id);
    const after = stack.chunkAt(0, 0) as Uint32Array;
    const wanted = (source.chunkAt(0, 0) as Uint32Array).map((label, i) =>
      label === id && before[i] === 0 ? id : (before[i] as number),
    );
    expectSame(after, wanted);
    // The plane it came from is heard of with the stroke there, maybe later than the copy.
    await until(() => stack.instances.get(id)?.depth === 2, "known in both planes");
    expect(stack.instances.get(id)).toMatchObject({ z: 2, depth: 2 });
    await expect(stack.copyFrom(source, id)).rejects.toThrow(/Nothing was copied/);
    await stack.undo();
    expectSame(stack.chunkAt(0, 0), before);
    expect(source.labelAt({ x: 30, y: 50 } as never)).toBe(id);
  });

  test("of an object that is not on the plane is refused", async () => {
    const stack = await open(2);
    const id = await paint(stack);
    const above = await stack.prepare({ t: 0, z: 3 });
    const top = await stack.prepare({ t: 0, z: 4 });
    await stack.flush();
    await until(() => above.instances.get(id) !== undefined, "told of");
    await expect(top.copyFrom(above, id)).rejects.toThrow(/no pixels/);
  });
});

test("what dead tabs left on any plane is sent, also if nobody goes there", async () => {
  const dead = await open(1);
  server.trouble.isDown = true;
  await paint(dead);
  await go(dead, 3);
  await paint(dead, 90);
  await until(() => dead.saveState.value.queued === 2, "journalled");
  dead.close();
  server.trouble.isDown = false;

  const next = await open(0);
  await until(() => server.log.length === 2, "both sent");
  expect(labelsOf(1)[50 * 512 + 40]).not.toBe(0);
  expect(labelsOf(3)[90 * 512 + 40]).not.toBe(0);
  await next.ensure(server.bounds);
  expect(next.plane.replica.pending).toEqual([]);
  expect((next.chunkAt(0, 0) as Uint32Array).every((label) => label === 0)).toBe(true);
});

test("a stroke that was set aside is tried again on its own plane", async () => {
  const stack = await open(1);
  await paint(stack);
  await stack.flush();
  const row = { type: "op", session: "s", n: 1, layer: "layer", user: "ana", savedAt: 1 } as const;
  const made = server.log[0] as { body: string };
  const body = Uint8Array.from(atob(made.body), (char) => char.charCodeAt(0));
  await journal.setAside({ ...row, t: 0, z: 4, kind: "brush", meta: {}, body }, "no");
  const again = await open(0);
  const [op] = again.aside.value;
  expect(op?.plane).toEqual({ t: 0, z: 4 });
  await again.ensure(server.bounds);
  await again.retryAside(op?.key ?? "");
  await again.flush();
  expectSame(labelsOf(4), labelsOf(1));
  expect((again.chunkAt(0, 0) as Uint32Array).every((label) => label === 0)).toBe(true);
});

describe("a draft over several planes", () => {
  let draftServer: ReferenceServer;

  beforeEach(() => {
    draftServer = new ReferenceServer(seeded(8), 1024, 1024, "prediction");
    draftServer.draw(1, rect(10, 10, 20, 20), 0.9);
    server.drafts.set("draft", draftServer);
    // The same square on the plane above, as one object.
    const chunks = draftServer.chunksOf(0, 1);
    const square = acceptEdit(draftServer.chunks, chunks, whole(), new Map([[1, 1]]), "none");
    applyEdit(chunks, square.edit);
    draftServer.table.countEdit(square.edit, 1, { t: 0, z: 1 });
  });

  test("is accepted in all of them, and shown at once", async () => {
    const stack = await open();
    await go(stack, 1);
    const below = await stack.prepare({ t: 0, z: 0 });
    await below.ensure(server.bounds);
    const draft = await stack.openDraft("draft");
    expect(draft.instances.get(1)).toMatchObject({ z: 0, depth: 2 });
    const id = await stack.acceptDraft(draft, 1);
    expect(draft.instances.stateOf(1)).toBe("accepted");
    for (const plane of [stack.plane, below])
      expect(plane.labelAt({ x: 15, y: 15 } as never)).toBe(id);
    expect(stack.instances.get(id)).toMatchObject({ areaPx: 200, z: 0, depth: 2 });
  });

  test.each(["the plane it was accepted on", "another plane, after a reload"])(
    "is taken back from all of them at once: on %s",
    async (where) => {
      const stack = await open();
      const draft = await stack.openDraft("draft");
      const id = await stack.acceptDraft(draft, 1);
      await stack.ensure(server.bounds);
      const isReloaded = where.startsWith("another");
      if (isReloaded) await stack.flush();
      const now = isReloaded ? await open(1) : stack;
      expect(now.history.value.undoKind).toBe("accept");
      await now.undo();
      await now.flush();
      for (const z of [0, 1]) expect(labelsOf(z).includes(id)).toBe(false);
      await now.redo();
      await now.flush();
      for (const z of [0, 1]) expect(labelsOf(z)[15 * 512 + 15]).toBe(id);
    },
  );

  test("is accepted together with objects of other times, each time undone alone", async () => {
    const chunks = draftServer.chunksOf(3, 0);
    const other = rect(40, 40, 50, 50);
    const drawn = new ReferenceServer(seeded(9), 1024, 1024, "prediction");
    drawn.draw(2, other, 0.8);
    const moved = acceptEdit(drawn.chunks, chunks, whole(), new Map([[2, 2]]), "none");
    applyEdit(chunks, moved.edit);
    draftServer.table.countEdit(moved.edit, 1, { t: 3, z: 0 });

    const stack = await open();
    const draft = await stack.openDraft("draft");
    expect(await stack.acceptMany(draft, [1, 2])).toBe(2);

    const at = (t: number, z: number, x: number) => server.chunksOf(t, z).get(0)?.[x * 512 + x];
    expect([at(0, 0, 15), at(0, 1, 15), at(3, 0, 45)].every(Boolean)).toBe(true);
    await stack.undo();
    await stack.flush();
    expect([at(0, 0, 15), at(0, 1, 15)]).toEqual([0, 0]);
    expect(at(3, 0, 45)).not.toBe(0);
  });

  test("is not accepted while the server is away, and the strokes stay", async () => {
    const stack = await open();
    const draft = await stack.openDraft("draft");
    server.trouble.isDown = true;
    await paint(stack, 200);
    await until(() => !stack.saveState.value.online, "offline");
    await expect(stack.acceptDraft(draft, 1)).rejects.toThrow(/cannot be reached/);
    server.trouble.isDown = false;
    stack.retrySaving();
    await stack.flush();
    expect(server.log).toHaveLength(1);
  });

  test("gives an object of one plane as an ordinary op, which can be undone", async () => {
    draftServer.draw(5, rect(300, 300, 310, 310), 0.5);
    const stack = await open();
    const draft = await stack.openDraft("draft");
    await stack.acceptDraft(draft, 5);
    expect(stack.history.value.undoKind).toBe("accept");
  });
});

test("the state of saving is the worst of all planes, the strokes are added up", () => {
  const state = (one: Partial<SaveState>): SaveState => ({
    ...{ state: "saved", queued: 0, online: true, lastError: null, isJournalled: true },
    ...one,
  });
  expect(combined([]).state).toBe("saved");
  const all = combined([
    state({ state: "saving", queued: 2 }),
    state({ state: "offline", queued: 3, online: false, lastError: "gone" }),
    state({}),
  ]);
  expect(all).toMatchObject({ state: "offline", queued: 5, online: false, lastError: "gone" });
});
