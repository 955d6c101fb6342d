import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { toBase64 } from "../../src/api/layers";
import type { OpJson } from "../../src/api/types";
import { rect } from "../../src/geometry/rect";
import { encodeEdit } from "../../src/labels/codec";
import { gzip } from "../../src/labels/gzip";
import { NO_EDIT } from "../../src/labels/runs";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { IndexedJournal } from "../../src/store/journal";
import { LocalSessionLocks } from "../../src/store/sessions";
import { line, openAll, settle, settleAfterLoss, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  server = new ReferenceServer(seeded(3));
  server.draw(1, rect(10, 10, 30, 30));
  server.draw(2, rect(40, 10, 60, 30));
});

const classes = ({ instances }: AnnotationPlane) =>
  [...instances.ids()].map((id) => [id, instances.classOf(id)]);
const told = () => [...server.table.ids()].map((id) => [id, server.table.classOf(id)]);

async function paint(store: AnnotationPlane, className: string, x = 100) {
  const instanceId = store.nextInstanceId();
  const stroke = store.beginStroke({ kind: "brush", instanceId, radius: 5, className });
  stroke.move(line(x, 100, x + 10, 100));
  await stroke.commit();
  return instanceId;
}

test("a new object has the class it was painted with, here and on the server", async () => {
  const ana = await openAll(server);
  const id = await paint(ana, "mitosis");
  expect(ana.instances.classOf(id)).toBe("mitosis");
  await ana.undo();
  expect(ana.instances.classCount()).toEqual(new Map([["", 2]]));
  await ana.redo();
  await settle(server, ana);
  expect(server.table.classOf(id)).toBe("mitosis");
  expect(ana.instances.classCount()).toEqual(
    new Map([
      ["", 2],
      ["mitosis", 1],
    ]),
  );
});

test("a class is given, taken back and given again, each one step of undo", async () => {
  const ana = await openAll(server);
  await ana.setClass([1], "mitosis");
  await ana.setClass([1, 2], "resting");
  expect(ana.history.value.undoKind).toBe("class");
  await ana.undo();
  expect(classes(ana)).toEqual([
    [1, "mitosis"],
    [2, ""],
  ]);
  await ana.undo();
  expect(classes(ana)).toEqual([
    [1, ""],
    [2, ""],
  ]);
  await ana.redo();
  await ana.redo();
  await settle(server, ana);
  expect(classes(ana)).toEqual([
    [1, "resting"],
    [2, "resting"],
  ]);
  expect(told()).toEqual(classes(ana));
});

test("nothing is sent when every object has the class already", async () => {
  const ana = await openAll(server);
  await ana.setClass([1], "mitosis");
  expect(await ana.setClass([1], "mitosis")).toBeNull();
  expect(await ana.setClass([99], "mitosis")).toBeNull();
  await settle(server, ana);
  expect(server.log).toHaveLength(1);
});

test("undo leaves the class that somebody else gave meanwhile", async () => {
  const [ana, ben] = await Promise.all([openAll(server), openAll(server, { user: "ben" })]);
  await ana.setClass([1, 2], "mitosis");
  await settle(server, ana, ben);
  await ben.setClass([1], "resting");
  await settle(server, ana, ben);
  await ana.undo();
  await settle(server, ana, ben);
  expect(classes(ana)).toEqual([
    [1, "resting"],
    [2, ""],
  ]);
  expect(classes(ben)).toEqual(classes(ana));
});

test("classes given offline survive a crash of the page, and so does their undo", async () => {
  const journal = await IndexedJournal.open();
  const page = () => openAll(server, { journal, locks: new LocalSessionLocks() });
  const before = await page();
  server.trouble.isDown = true;
  const id = await paint(before, "mitosis");
  await before.setClass([1], "resting");
  before.recorder.close();
  server.trouble.isDown = false;
  const after = await page();
  expect(after.instances.classOf(id)).toBe("mitosis");
  expect(after.instances.classOf(1)).toBe("resting");
  await settle(server, after);
  expect(told()).toEqual(classes(after));
  await after.undo();
  await settle(server, after);
  expect(server.table.classOf(1)).toBe("");
  journal.close();
});

test("two people who classify the same objects end with what the server has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = seeded(seed);
      const shared = new ReferenceServer(random);
      for (let k = 0; k < 4; k++) shared.draw(k + 1, rect(20 * k, 0, 20 * k + 10, 10));
      const people = await Promise.all(["ana", "ben"].map((user) => openAll(shared, { user })));
      Object.assign(shared.trouble, { dropRequest: 0.2, dropAnswer: 0.2, dropEvent: 0.2 });
      const work = async (store: AnnotationPlane) => {
        for (let i = 0; i < 8; i++) {
          const ids = [1, 2, 3, 4].filter(() => random() < 0.5);
          if (random() < 0.25) await store.undo();
          else if (random() < 0.2) await store.redo();
          else await store.setClass(ids, ["", "a", "b"][Math.floor(random() * 3)] as string);
          if (random() < 0.5) await new Promise((done) => setTimeout(done, random() * 8));
        }
      };
      await Promise.all(people.map(work));
      shared.trouble.dropRequest = shared.trouble.dropAnswer = 0;
      await settleAfterLoss(shared, ...people);
      const truth = [1, 2, 3, 4].map((id) => shared.table.classOf(id));
      for (const one of people) {
        expect([1, 2, 3, 4].map((id) => one.instances.classOf(id))).toEqual(truth);
        one.close();
      }
    }),
    { numRuns: 6 },
  );
}, 60_000);

test("a class that is renamed is renamed in an open editor, also where it is still on its way", async () => {
  const ana = await openAll(server);
  await ana.setClass([1], "mitosis");
  await settle(server, ana);
  server.trouble.isDown = true;
  await ana.setClass([2], "mitosis");
  const op: OpJson = {
    ...{ seq: server.log.length + 1, session: "server", n: 1, user: 2, kind: "rename-class" },
    ...{ t: 0, z: 0, n_pixels: 0, n_refused: 0, created_at: "" },
    body: toBase64(await gzip(encodeEdit(NO_EDIT))),
    meta: { renames: { mitosis: "dividing" } },
  };
  server.log.push(op);
  await ana.inbox.receive(op);
  expect(classes(ana)).toEqual([
    [1, "dividing"],
    [2, "dividing"],
  ]);
});

describe("a draft", () => {
  let draft: ReferenceServer;

  beforeEach(() => {
    draft = new ReferenceServer(seeded(4), 1024, 1024, "prediction");
    draft.draw(5, rect(200, 200, 230, 230), 0.5);
    draft.draw(6, rect(300, 200, 330, 230), 0.5);
    server.drafts.set("draft", draft);
  });

  test("object is accepted with the class that a person gave it", async () => {
    const [ana, ben] = await Promise.all([openAll(server), openAll(server, { user: "ben" })]);
    const store = await ana.openDraft("draft");
    await ana.setDraftClass(store, [5], "mitosis");
    expect(store.instances.classOf(5)).toBe("mitosis");
    const id = await ana.acceptDraft(store, 5);
    expect(ana.instances.classOf(id)).toBe("mitosis");
    await settle(server, ana, ben);
    expect(draft.table.classOf(5)).toBe("mitosis");
    expect(server.table.classOf(id)).toBe("mitosis");
    expect(ben.instances.classOf(id)).toBe("mitosis");
  });

  test("object's class is taken back in its turn", async () => {
    const ana = await openAll(server);
    const store = await ana.openDraft("draft");
    await ana.setClass([1], "resting");
    await ana.setDraftClass(store, [5, 6], "mitosis");
    await ana.undo();
    expect([5, 6].map((id) => store.instances.classOf(id))).toEqual(["", ""]);
    expect(ana.instances.classOf(1)).toBe("resting");
    await ana.redo();
    await ana.undo();
    await ana.undo();
    expect(ana.instances.classOf(1)).toBe("");
    await ana.flush();
    await until(() => draft.table.classOf(5) === "", "the server has it");
  });

  test("keeps a class that is on its way when its states are read again", async () => {
    const ana = await openAll(server);
    const store = await ana.openDraft("draft");
    server.trouble.isDown = true;
    await ana.setDraftClass(store, [5], "mitosis");
    await store.refresh();
    expect(store.instances.classOf(5)).toBe("mitosis");
  });
});
