import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { type Rect, rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { DraftStore } from "../../src/store/types";
import { brush, expectAreas, expectTruth, line, openAll, settle, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let store: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(2));
  server.draw(1, rect(500, 500, 530, 520));
  server.draw(2, rect(540, 500, 560, 520));
  store = await openAll(server);
});
afterEach(() => store.close());

const at = (x: number, y: number) => store.labelAt(imagePoint(x + 0.5, y + 0.5));

describe("merge and delete", () => {
  test("merging gives all pixels to the one that is kept, over chunk borders", async () => {
    const report = await store.merge(2, 1);
    expect(report).toMatchObject({ kind: "merge", nPixels: 600 });
    expect(store.instances.areaOf(2)).toBe(1000);
    expect(store.instances.get(2)?.box).toEqual(rect(500, 500, 560, 520));
    expect([...store.instances.ids()]).toEqual([2]);
    await store.undo();
    expect([store.instances.areaOf(1), store.instances.areaOf(2)]).toEqual([600, 400]);
    await settle(server, store);
    expectTruth(server, store);
  });

  test("a deleted object is gone and comes back by undo", async () => {
    await store.deleteInstance(1);
    expect(at(505, 505)).toBe(0);
    expect(store.instances.count).toBe(1);
    await expect(store.deleteInstance(1)).rejects.toThrow(/not there any more/);
    await store.undo();
    expect(store.instances.areaOf(1)).toBe(600);
    await settle(server, store);
    expectTruth(server, store);
  });

  test("an object cannot be merged with itself or with nothing", async () => {
    await expect(store.merge(1, 1)).rejects.toThrow(/two different/);
    await expect(store.merge(1, 99)).rejects.toThrow(/not there/);
    await expect(store.merge(99, 1)).rejects.toThrow(/not there/);
  });

  test("nothing else is edited while a stroke is open", async () => {
    const stroke = store.beginStroke({ kind: "brush", instanceId: 5, radius: 3 });
    await expect(store.deleteInstance(1)).rejects.toThrow(/Finish the stroke/);
    stroke.cancel();
    await store.deleteInstance(1);
  });
});

describe("fill and lasso", () => {
  test("a closed ring is filled, an open one is not", async () => {
    const id = store.nextInstanceId();
    await brush(store, id, line(300, 300, 360, 300, 360, 360, 300, 360, 300, 300), 3);
    const before = store.instances.areaOf(id);
    const view = rect(200, 200, 460, 460);
    await expect(store.fill(imagePoint(250, 250), id, view)).rejects.toThrow(/not closed/);
    await expect(store.fill(imagePoint(300, 300), id, view)).rejects.toThrow(/background/);
    await expect(store.fill(imagePoint(700, 300), id, view)).rejects.toThrow(/visible/);
    const report = await store.fill(imagePoint(330, 330), id, view);
    expect(report.kind).toBe("fill");
    expect(store.instances.areaOf(id)).toBe(before + report.nPixels);
    expect(at(330, 330)).toBe(id);
    await settle(server, store);
    expectTruth(server, store);
  });

  test("what a lasso or a fill paints is drawn at once", async () => {
    const dirty: Rect[] = [];
    store.onDirty((event) => dirty.push(event.rect));
    const ring = line(100, 100, 120, 100, 120, 110, 100, 110);
    await store.fillPolygon(ring, { kind: "brush", instanceId: 7, radius: 0 });
    expect(dirty).toEqual([rect(100, 100, 120, 110)]);
    const hole = line(105, 103, 110, 103, 110, 106, 105, 106);
    await store.fillPolygon(hole, { kind: "erase-any", instanceId: 0, radius: 0 });
    dirty.length = 0;
    await store.fill(imagePoint(106, 104), 7, rect(90, 90, 200, 200));
    expect(dirty).toEqual([rect(105, 103, 110, 106)]);
  });

  test("a lasso fills its inside by the rules of the mode", async () => {
    const ring = line(490, 490, 535, 490, 535, 530, 490, 530);
    await store.fillPolygon(ring, { kind: "brush", instanceId: 7, radius: 0 });
    expect(store.instances.areaOf(7)).toBe(45 * 40 - 600);
    await store.fillPolygon(ring, { kind: "erase-any", instanceId: 0, radius: 0 });
    expect([...store.instances.ids()]).toEqual([2]);
    const nothing = await store.fillPolygon(ring, { kind: "erase-any", instanceId: 0, radius: 0 });
    expect(nothing).toBeNull();
    expectAreas(store);
  });
});

describe("a found area", () => {
  const spans = [502, 503].map((y) => ({ y, lo: 495, hi: 545 }));
  const found = { kind: "wand" as const, spans, start: imagePoint(497, 502) };

  test("is written as one op by the rules of the brush, and undone whole", async () => {
    const options = { kind: "brush" as const, instanceId: 7, radius: 0 };
    const report = await store.fillArea(found, options);
    expect(report).toMatchObject({ kind: "wand", nPixels: 2 * (50 - 30 - 5) });
    expect([at(497, 502), at(502, 502), at(541, 502)]).toEqual([7, 1, 2]);
    await store.fillArea(found, { ...options, mode: "overwrite" });
    expect(store.instances.areaOf(7)).toBe(100);
    expect(await store.fillArea(found, { ...options, mode: "overwrite" })).toBeNull();
    await store.undo();
    await store.undo();
    expect([...store.instances.ids()]).toEqual([1, 2]);
    await settle(server, store);
    expectTruth(server, store);
  });

  test("stays inside what it was found in, and takes pixels of one object away", async () => {
    const inside = { ...found, start: imagePoint(510, 502) };
    const options = { kind: "brush" as const, instanceId: 7, radius: 0, mode: "inside" as const };
    expect(await store.fillArea(inside, options)).toMatchObject({ nPixels: 60 });
    await store.fillArea(found, { kind: "erase-selected", instanceId: 7, radius: 0 });
    expect(store.instances.areaOf(7)).toBe(0);
    expect(at(541, 502)).toBe(2);
    await settle(server, store);
    expectTruth(server, store);
  });
});

describe("drafts", () => {
  let predicted: ReferenceServer;
  let draft: DraftStore;

  beforeEach(async () => {
    predicted = new ReferenceServer(seeded(9), 1024, 1024, "prediction");
    predicted.draw(11, rect(100, 100, 120, 120), 0.9);
    predicted.draw(12, rect(500, 505, 550, 525), 0.2); // over 1 and 2, and a chunk border
    predicted.draw(13, rect(700, 700, 710, 710), 0.5);
    server.drafts.set("draft", predicted);
    draft = await store.openDraft("draft");
  });

  const state = (id: number) => draft.instances.stateOf(id);

  test("most doubtful instances come first", () => {
    expect([...draft.instances.byDoubt("proposed")]).toEqual([12, 13, 11]);
    expect(draft.instances.countIn("proposed")).toBe(3);
    expect([...draft.instances.within(rect(0, 0, 130, 130))]).toEqual([11]);
  });

  test("accepting copies the pixels under a new id and tells where they came from", async () => {
    const id = await store.acceptDraft(draft, 11);
    expect(store.instances.areaOf(id)).toBe(400);
    expect(state(11)).toBe("accepted");
    await settle(server, store);
    expect(server.log[0]).toMatchObject({
      kind: "accept",
      meta: { accepts: [{ layer: "draft", instance_id: 11, new_id: id }] },
    });
    expect(predicted.table.stateOf(11)).toBe("accepted");
    expectTruth(server, store);
  });

  test("undoing an accept opens the instance again, redoing accepts it", async () => {
    const id = await store.acceptDraft(draft, 11);
    await store.undo();
    expect(state(11)).toBe("proposed");
    expect(store.instances.areaOf(id)).toBe(0);
    await store.redo();
    expect(state(11)).toBe("accepted");
    expect(store.instances.areaOf(id)).toBe(400);
    await settle(server, store);
    expect(server.log[2]?.meta.accepts).toHaveLength(1);
  });

  test("existing pixels stay, existing objects are not overlapped, or the draft wins", async () => {
    await expect(store.acceptDraft(draft, 12, "objects")).rejects.toThrow(/cover/);
    expect(state(12)).toBe("proposed");
    const id = await store.acceptDraft(draft, 12, "pixels");
    expect(store.instances.areaOf(id)).toBe(1000 - 30 * 15 - 10 * 15);
    expect(store.instances.areaOf(1)).toBe(600);
    await store.undo();
    const winner = await store.acceptDraft(draft, 12, "none");
    expect(store.instances.areaOf(winner)).toBe(1000);
    expect(store.instances.areaOf(1)).toBe(600 - 30 * 15);
    await settle(server, store);
    expectTruth(server, store);
  });

  test("accepting many is one op and one undo step", async () => {
    expect(await store.acceptMany(draft, draft.instances.byDoubt("proposed"), "objects")).toBe(2);
    await settle(server, store);
    expect(server.log).toHaveLength(1);
    expect([state(11), state(12), state(13)]).toEqual(["accepted", "proposed", "accepted"]);
    await store.undo();
    expect(draft.instances.countIn("proposed")).toBe(3);
  });

  test("painting on an accepted instance makes it an edited one", async () => {
    const id = await store.acceptDraft(draft, 11);
    await brush(store, id, line(125, 110));
    expect(state(11)).toBe("edited");
    await store.editDraft(draft, 13);
    expect(state(13)).toBe("edited");
    await settle(server, store);
    expect(server.log[2]?.meta).toMatchObject({ edits_draft: true });
  });

  test("a rejection shows at once, is sent in order, and can be taken back", async () => {
    server.trouble.isDown = true;
    draft.reject([12, 13]);
    expect([state(12), state(13)]).toEqual(["rejected", "rejected"]);
    await until(() => !store.saveState.value.online, "offline");
    await draft.refresh();
    expect(state(12)).toBe("rejected"); // the server does not know yet
    server.trouble.isDown = false;
    draft.reopen([13]);
    store.retrySaving();
    await store.flush();
    expect(server.decisions.map((d) => [d.layer, d.ids, d.state])).toEqual([
      ["draft", [12, 13], "rejected"],
      ["draft", [13], "proposed"],
    ]);
  });

  test("what another person accepts is seen here", async () => {
    const other = await openAll(server, { user: "ben" });
    await other.acceptDraft(await other.openDraft("draft"), 11);
    await settle(server, other, store);
    await until(() => state(11) === "accepted", "the state to arrive");
    expectTruth(server, store);
    other.close();
  });

  test("a draft is opened once, and again after it was closed", async () => {
    expect(await store.openDraft("draft")).toBe(draft);
    draft.close();
    await expect(store.acceptDraft(draft, 11)).rejects.toThrow(/not open/);
    expect(await store.openDraft("draft")).not.toBe(draft);
  });
});

test("without ids no object can be started, and a sentence says why", async () => {
  server.trouble.isDown = true;
  expect(() => {
    for (let i = 0; i < 1000; i++) store.nextInstanceId();
  }).toThrow(/until the server is reached/);
});

test("ids are never given twice", () => {
  const ids = Array.from({ length: 150 }, () => store.nextInstanceId());
  expect(new Set(ids).size).toBe(150);
  expect(Math.min(...ids)).toBeGreaterThan(2);
});
