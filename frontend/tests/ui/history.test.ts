import { expect, test } from "vitest";
import type { HistoryJson, HistoryOpJson, InstanceHistoryJson } from "../../src/api/history";
import { rect } from "../../src/geometry/rect";
import { planText } from "../../src/texts/restoring";
import { blameText } from "../../src/ui/editor/blame_desk";
import { HistoryList, type ListParts } from "../../src/ui/editor/history_list";
import { stepsOf, stepWord, whoseStep } from "../../src/ui/editor/history_steps";
import { agoText } from "../../src/ui/editor/times";
import { until } from "../store/people";

function op(seq: number, more: Partial<HistoryOpJson> = {}): HistoryOpJson {
  return {
    ...{ seq, person: "ana", person_id: 1, at: "2026-11-30T12:00:00Z", kind: "brush" },
    ...{ t: 0, z: 0, row0: seq, col0: seq, row1: seq + 10, col1: seq + 10 },
    ...{ n_pixels: 50, n_refused: 0, group: null, undo_of: null, n_objects: null, draft: null },
    ...more,
  };
}

test("ops of one group are one step, and an undo of it is another", () => {
  const accept = { kind: "accept", group: "g", draft: "stardist v3" };
  const steps = stepsOf([
    op(5, { kind: "undo", group: "g", undo_of: { seq: 3, kind: "accept" } }),
    op(4, { kind: "undo", group: "g", undo_of: { seq: 2, kind: "accept" } }),
    op(3, { ...accept, n_objects: 12 }),
    op(2, { ...accept, n_objects: 5000 }),
    op(1),
  ]);

  expect(steps.map(({ seq, first, nPixels }) => [seq, first, nPixels])).toEqual([
    [5, 4, 100],
    [3, 2, 100],
    [1, 1, 50],
  ]);
  expect(steps[1]?.box).toEqual(rect(2, 2, 13, 13));
  expect(steps.map(stepWord)).toEqual([
    "undo of accepting",
    "accepting 5,012 objects of stardist v3",
    "brush stroke",
  ]);
  expect(whoseStep(steps[2] as never)).toBe("ana’s brush stroke");
});

test("one accept over planes counts its objects once", () => {
  const accept = { kind: "accept", group: "g", n_objects: 3 };
  const [step] = stepsOf([op(3, { ...accept, z: 2 }), op(2, { ...accept, z: 1 }), op(1, accept)]);

  expect([step?.nObjects, step?.nPlanes, step?.plane]).toEqual([3, 3, { t: 0, z: 2 }]);
});

test("times are told as people do", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const ago = (seconds: number) => agoText(new Date(now - seconds * 1000), now);

  expect([-5, 59, 60, 3599, 3600, 86_400, 2 * 86_400].map(ago)).toEqual([
    "just now",
    "just now",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "1 day ago",
    "2 days ago",
  ]);
  expect(ago(90 * 86_400)).toContain("2026");
});

test("an object says who made it from what, and who changed it last", () => {
  const change = { ...op(4), gained_px: 9, lost_px: 0, class_name: null };
  const made = { ...change, seq: 1, kind: "accept", draft: "stardist v3" };
  const found = {
    ...{ seq: 9, instance_id: 7, area_px: 9, class_name: "", state: "edited", before: null },
    created_by: "ana",
    created: made,
    accepted_from: { layer: "x", name: "stardist v3", instance_id: 3 },
    changes: [{ ...change, person: "ben" }, made],
  } as InstanceHistoryJson;
  const now = Date.parse("2026-11-30T12:12:00Z");

  expect(blameText(found, now)).toMatch(
    /^Made by ana on 30 Nov 2026, .*, accepted from stardist v3; last changed by ben 12 min ago\.$/,
  );
  const untouched = { ...found, accepted_from: null, changes: [made] };
  expect(blameText(untouched, now)).toMatch(/^Made by ana on 30 Nov 2026, [\d:]+\.$/);
  const long = { ...untouched, created: null, before: 3 };
  expect(blameText(long, now)).toBe("Made by ana; last changed by ana 12 min ago.");
});

test("what restoring does is said with numbers", () => {
  expect(planText({ nPixels: 1204, taken: [], back: [3] })).toBe(
    "1,204 px change, 1 object comes back",
  );
  const taken = [7, 9].map((id) => ({ id, nPixels: 155 }));
  expect(planText({ nPixels: 1204, taken, back: [] })).toBe(
    "1,204 px change, objects 7 and 9 lose 310 px",
  );
  expect(planText({ nPixels: 0, taken: [], back: [] })).toBe("its class changes");
});

/** A log that is listed as the server does it. */
class Log {
  ops: HistoryOpJson[] = [];
  tell: () => void = () => undefined;
  nAsked = 0;

  list(_id: string, query: Readonly<Record<string, number | undefined>>): Promise<HistoryJson> {
    this.nAsked++;
    const before = query.before ?? Number.POSITIVE_INFINITY;
    const person = query.person;
    const all = this.ops
      .filter((one) => one.seq < before && (person === undefined || one.person_id === person))
      .sort((a, b) => b.seq - a.seq);
    const ops = all.slice(0, query.limit);
    const last = ops.at(-1)?.seq ?? null;
    return Promise.resolve({ seq: this.ops.length, ops, before: all.length > 50 ? last : null });
  }

  add(n: number, more: Partial<HistoryOpJson> = {}): void {
    for (let i = 0; i < n; i++) this.ops.push(op(this.ops.length + 1, more));
    this.tell();
  }
}

function listOf(log: Log): HistoryList {
  return new HistoryList({
    api: log,
    layer: {
      info: { id: "layer" },
      onOps: (listener: () => void) => {
        log.tell = listener;
        return () => undefined;
      },
    },
    view: () => ({ box: rect(0, 0, 9, 9), plane: { t: 0, z: 0 } }),
  } as unknown as ListParts);
}

test("the list reads on page by page and follows what happens, without a gap or a double", async () => {
  const log = new Log();
  log.add(120);
  const list = listOf(log);
  list.open();
  await until(() => list.steps.value.length === 50, "the first page");
  await list.more();
  log.add(3);
  await until(() => list.steps.value.length === 103, "the news");
  await list.more();

  expect(list.steps.value.map((step) => step.seq)).toEqual(
    Array.from({ length: 123 }, (_, i) => 123 - i),
  );
  expect(list.hasMore.value).toBe(false);
  log.add(200); // more than a page at once: begun anew
  await until(() => list.steps.value[0]?.seq === 323, "the flood");
  expect(list.steps.value.length).toBe(50);
  await list.more();
  expect(list.steps.value.at(-1)?.seq).toBe(224);
  list.dispose();
});

test("news of other objects leave the list of one object as it is", async () => {
  const log = new Log();
  log.add(3);
  const list = listOf(log);
  list.open({ instanceId: 7 });
  await until(() => list.steps.value.length === 3, "the list");
  log.list = () => Promise.resolve({ seq: 4, ops: [], before: 2 });
  await list.refresh();

  expect(list.steps.value.map((step) => step.seq)).toEqual([3, 2, 1]);
  list.dispose();
});

test("a closed list asks nothing, and one of a person shows only theirs", async () => {
  const log = new Log();
  log.add(2);
  const list = listOf(log);
  log.add(1, { person_id: 2, person: "ben" });
  expect(log.nAsked).toBe(0);
  list.open();
  await until(() => list.steps.value.length === 3, "the list");
  expect([...list.people.value.values()].sort()).toEqual(["ana", "ben"]);

  list.setFilter({ person: 2 });
  await until(() => list.steps.value.length === 1, "ben's");

  expect(list.steps.value[0]?.person).toBe("ben");
  list.dispose();
});

test("walking leads to older and newer steps, beyond the page too", async () => {
  const log = new Log();
  log.add(60);
  const list = listOf(log);
  list.open();
  await until(() => list.steps.value.length === 50, "the first page");

  expect((await list.neighbour(11, 1))?.seq).toBe(10);
  expect((await list.neighbour(10, -1))?.seq).toBe(11);
  expect(await list.neighbour(60, -1)).toBeUndefined();
  expect(await list.neighbour(1, 1)).toBeUndefined();
  list.dispose();
});
