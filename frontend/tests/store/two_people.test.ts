import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import { invertEdit, NO_EDIT, pixelsIn } from "../../src/labels/runs";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { StrokeKind, WriteMode } from "../../src/store/edit_types";
import type { RefusedReport } from "../../src/store/saving_types";
import { brush, expectTruth, line, openAll, settle, settleAfterLoss, until } from "./people";
import { editOf, partOf, ReferenceServer, seeded } from "./reference_server";

const KINDS: StrokeKind[] = ["brush", "brush", "brush", "erase-selected", "erase-any"];
const MODES: WriteMode[] = ["preserve", "overwrite", "inside", "locked"];

/** A person at work: strokes, undo, redo, merge, delete, with pauses, in a small area. */
async function work(store: AnnotationPlane, random: () => number, nEdits: number): Promise<void> {
  const own: number[] = [store.nextInstanceId()];
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const place = () => imagePoint(440 + random() * 140, 440 + random() * 140);
  for (let i = 0; i < nEdits; i++) {
    const what = random();
    if (what < 0.15) await store.undo();
    else if (what < 0.22) await store.redo();
    else if (what < 0.27) await store.deleteInstance(pick(own)).catch(() => undefined);
    else if (what < 0.32) await store.merge(pick(own), pick(own)).catch(() => undefined);
    else {
      if (random() < 0.3) own.push(store.nextInstanceId());
      const mode = pick(MODES);
      const instanceId = pick(own);
      const stroke = store.beginStroke({
        kind: pick(KINDS),
        instanceId,
        radius: 2 + random() * 25,
        mode,
      });
      for (let m = 0; m < 1 + random() * 4; m++) {
        stroke.move([place(), place()]);
        await new Promise((done) => setTimeout(done, random() * 6));
      }
      if (random() < 0.1) stroke.cancel();
      else await stroke.commit();
    }
    if (random() < 0.5) await new Promise((done) => setTimeout(done, random() * 8));
  }
}

test("two people and a watcher end with the server's pixels, through a bad network", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = seeded(seed);
      const server = new ReferenceServer(random);
      server.draw(1, rect(480, 480, 530, 540));
      const [ana, ben, eve] = await Promise.all(
        ["ana", "ben", "eve"].map((user) => openAll(server, { user })),
      );
      if (!ana || !ben || !eve) throw new Error("not opened");
      Object.assign(server.trouble, { dropRequest: 0.2, dropAnswer: 0.2, dropEvent: 0.15 });
      await Promise.all([work(ana, random, 14), work(ben, random, 14)]);
      server.trouble.dropRequest = server.trouble.dropAnswer = 0;
      await settleAfterLoss(server, ana, ben, eve);
      const seen = new Set(server.log.map((op) => `${op.session} ${op.n}`));
      expect(seen.size).toBe(server.log.length);
      await expectUndoOfOwn(server);
      for (const store of [ana, ben, eve]) {
        expectTruth(server, store);
        expect(store.saveState.value).toMatchObject({ queued: 0, lastError: null });
        store.close();
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 240_000);

/** An undo or redo changed only what its op had changed. */
async function expectUndoOfOwn(server: ReferenceServer): Promise<void> {
  for (const row of server.log) {
    const name = row.meta.undo_of ?? row.meta.redo_of;
    if (!name) continue;
    const done = server.log.find((one) => one.session === name.session && one.n === name.n);
    const edit = await editOf(row);
    const part = done ? partOf(edit, invertEdit(await editOf(done))) : NO_EDIT;
    expect(pixelsIn(part)).toBe(pixelsIn(edit));
  }
}

describe("when two paint the same pixels", () => {
  async function both() {
    const server = new ReferenceServer(seeded(3));
    const [ana, ben] = [await openAll(server), await openAll(server, { user: "ben" })];
    return { server, ana, ben };
  }

  test("the first wins, the second is told and sees the truth", async () => {
    const { server, ana, ben } = await both();
    const refused: RefusedReport[] = [];
    ben.onRefused((report) => refused.push(report));
    const [a, b] = [ana.nextInstanceId(), ben.nextInstanceId()];
    expect(a).not.toBe(b);
    server.trouble.isDown = true;
    await brush(ben, b, line(100, 100), 10);
    await until(() => !ben.saveState.value.online, "offline");
    server.trouble.isDown = false;
    await brush(ana, a, line(105, 100), 10);
    await ana.flush();
    ben.retrySaving();
    await settle(server, ana, ben);
    await until(() => refused.length === 1, "told");
    expect(refused[0]?.nRefused).toBeGreaterThan(100);
    expect(ben.labelAt(imagePoint(100, 100))).toBe(a);
    for (const store of [ana, ben]) expectTruth(server, store);

    // Who was second can still have their way, as an edit of its own that undo takes back.
    const areas = [ben.instances.areaOf(a), ben.instances.areaOf(b)];
    const report = await ben.reclaim(refused.map((one) => one.refused));
    await settle(server, ana, ben);
    expect(report?.nPixels).toBe(refused[0]?.nRefused);
    expect(ben.labelAt(imagePoint(100, 100))).toBe(b);
    expect(await ben.reclaim(refused.map((one) => one.refused))).toBeNull();
    await ben.undo();
    await settle(server, ana, ben);
    expect([ben.instances.areaOf(a), ben.instances.areaOf(b)]).toEqual(areas);
    for (const store of [ana, ben]) expectTruth(server, store);
  });

  test("undo gives back only what is still one's own", async () => {
    const { server, ana, ben } = await both();
    const [a, b] = [ana.nextInstanceId(), ben.nextInstanceId()];
    await brush(ana, a, line(100, 100), 20);
    await settle(server, ana, ben);
    const stroke = ben.beginStroke({ kind: "brush", instanceId: b, radius: 5, mode: "overwrite" });
    stroke.move(line(100, 100));
    await stroke.commit();
    await settle(server, ana, ben);
    const left = ben.instances.areaOf(b);
    await ana.undo();
    await settle(server, ana, ben);
    expect(ana.instances.areaOf(a)).toBe(0);
    expect(ana.instances.areaOf(b)).toBe(left);
    for (const store of [ana, ben]) expectTruth(server, store);
  });

  test("what others do waits until the stroke is finished", async () => {
    const { server, ana, ben } = await both();
    const heard: string[] = [];
    ana.onRemote((op) => heard.push(op.kind));
    const stroke = ana.beginStroke({ kind: "brush", instanceId: ana.nextInstanceId(), radius: 5 });
    stroke.move(line(100, 100));
    await brush(ben, ben.nextInstanceId(), line(300, 300));
    await settle(server, ben);
    await until(() => ana.inbox.hasWaiting, "the op to arrive");
    expect(ana.labelAt(imagePoint(300, 300))).toBe(0);
    expect(heard).toEqual([]);
    await stroke.commit();
    await settle(server, ana, ben);
    expect(ana.labelAt(imagePoint(300, 300))).not.toBe(0);
    expect(heard).toEqual(["brush"]);
  });

  test("a very long stroke is cut to let others in, and is still undone as one", async () => {
    const { server, ana, ben } = await both();
    const id = ana.nextInstanceId();
    const stroke = ana.beginStroke({ kind: "brush", instanceId: id, radius: 5 });
    stroke.move(line(100, 100));
    await brush(ben, ben.nextInstanceId(), line(130, 100), 8);
    await settle(server, ben);
    await until(() => ana.inbox.hasWaiting, "the op to arrive");
    Object.assign(stroke, { openedAt: Date.now() - 11_000 });
    stroke.move(line(160, 100));
    await stroke.commit();
    await settle(server, ana, ben);
    for (const store of [ana, ben]) expectTruth(server, store);
    expect(server.log.filter((op) => op.session !== server.log[0]?.session)).toHaveLength(2);
    await ana.undo();
    expect(ana.instances.areaOf(id)).toBe(0);
    await settle(server, ana, ben);
    for (const store of [ana, ben]) expectTruth(server, store);
  });

  test("a page opened in the middle, and chunks loaded late, show the same", async () => {
    const { server, ana, ben } = await both();
    await brush(ana, ana.nextInstanceId(), line(100, 100), 20);
    await brush(ben, ben.nextInstanceId(), line(600, 600), 20);
    await settle(server, ana, ben);
    const late = await openAll(server, { user: "eve" });
    expectTruth(server, late);
    const partial = await openAll(server, { user: "fay" });
    partial.replica.drop(0);
    await brush(ana, ana.nextInstanceId(), line(120, 120), 20);
    await settle(server, ana, partial, late);
    await partial.ensure(server.bounds);
    for (const store of [late, partial]) expectTruth(server, store);
  });

  test("undo and redo do not touch what the other erased first", async () => {
    const { server, ana, ben } = await both();
    await brush(ana, ana.nextInstanceId(), line(80, 100, 140, 100), 20);
    await settle(server, ana, ben);
    const erase = async (store: AnnotationPlane, x: number) => {
      const stroke = store.beginStroke({ kind: "erase-any", instanceId: 0, radius: 10 });
      stroke.move(line(x, 100));
      await stroke.commit();
    };
    server.trouble.isDown = true;
    await erase(ben, 105);
    await until(() => !ben.saveState.value.online, "offline");
    await ben.undo();
    server.trouble.isDown = false;
    await erase(ana, 100);
    await ana.flush();
    ben.retrySaving();
    await settle(server, ana, ben);
    for (const store of [ana, ben]) {
      expectTruth(server, store);
      expect(store.labelAt(imagePoint(100, 100))).toBe(0);
      expect(store.labelAt(imagePoint(113, 100))).not.toBe(0);
    }
    await ana.undo();
    await ben.redo();
    await settle(server, ana, ben);
    for (const store of [ana, ben]) {
      expectTruth(server, store);
      expect(store.labelAt(imagePoint(100, 100))).not.toBe(0);
      expect(store.labelAt(imagePoint(113, 100))).toBe(0);
    }
  });
});
