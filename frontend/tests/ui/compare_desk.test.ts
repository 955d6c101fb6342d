import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { DifferencesQuery } from "../../src/api/layers";
import { rect } from "../../src/geometry/rect";
import { DIFFERENCE_KINDS, type DifferenceKind } from "../../src/labels/differences";
import type { PlaneRef } from "../../src/labels/spans";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { CompareDesk } from "../../src/ui/editor/compare_desk";
import type { CompareParts } from "../../src/ui/editor/compare_run";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { openAll, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";

let server: ReferenceServer;
let layer: AnnotationPlane;
let model: EditorModel;
let desk: CompareDesk;
/** Answers to "what differs" that are held back, by layer A. */
let held: Map<string, (kinds: DifferenceKind[]) => void>;
let lastPlane: PlaneRef;
let nDrawn: number;
let revealed: number[];

const row = (id: string, kind: string, n: number) => ({
  ...{ id, kind, name: id, n_instances: 1, seq: 0, created_at: `2026-01-0${n}` },
});
const ROWS = [
  row("layer", "annotation", 1),
  row("a", "prediction", 3),
  row("b", "prediction", 2),
].map((one) => (one.id === "layer" ? { ...one, n_instances: 0 } : one));

/** One group of each of some kinds, with the id of its place in the list. */
function answer(kinds: readonly DifferenceKind[]) {
  const groups = kinds.map((kind, i) => ({
    ...{ kind, a_ids: [i + 11], b_ids: [], iou: 0, changed_px: 400 },
    ...{ row0: i * 10, col0: 0, row1: i * 10 + 10, col1: 10 },
  }));
  const counts = Object.fromEntries(
    DIFFERENCE_KINDS.map((kind) => [kind, kinds.filter((one) => one === kind).length]),
  );
  return { counts, n_groups: groups.length, groups, hides_blind: false };
}

beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  for (const id of ["a", "b"]) {
    const draft = new ReferenceServer(seeded(8), 1024, 1024, "prediction");
    draft.draw(11, rect(0, 0, 10, 10), 0.9);
    server.drafts.set(id, draft);
  }
  layer = await openAll(server);
  held = new Map();
  nDrawn = 0;
  revealed = [];
  model = makeModel();
  const layers = Object.assign(server, {
    ofImage: async () => ROWS,
    differences: (id: string, query: DifferencesQuery) => {
      lastPlane = { t: query.t, z: query.z };
      return new Promise((done) => held.set(id, (kinds) => done(answer(kinds))));
    },
  });
  const scene = {
    stage: { reveal: (box: { y0: number }) => revealed.push(box.y0), view: () => ({ width: 100 }) },
    isBlind: () => false,
    layers: {
      request() {},
      addComparison: () => {
        nDrawn++;
        return () => nDrawn--;
      },
    },
  };
  const stack = {
    ...{ info: layer.info, plane: layer, flush: async () => undefined },
    onInstances: () => () => undefined,
  };
  desk = new CompareDesk({ model, scene, layer: stack, layers } as unknown as CompareParts);
});
afterEach(() => {
  desk.close();
  layer.close();
  vi.unstubAllGlobals();
});

const asked = (id: string) => until(() => held.has(id), `a question about ${id}`);

async function compare(kinds: DifferenceKind[]): Promise<void> {
  const started = desk.start();
  await asked("b");
  held.get("b")?.(kinds);
  await started;
}

describe("comparing", () => {
  test("begins with the older version against the newer, and ends as if nothing had been", async () => {
    await compare(["split", "vanished"]);
    expect([desk.state.a.value, desk.state.b.value]).toEqual(["b", "a"]);
    expect([model.isComparing.value, nDrawn]).toEqual([true, 1]);
    desk.stop();
    expect([model.isComparing.value, nDrawn]).toEqual([false, 0]);
    expect(desk.state.compared.value).toBeUndefined();
  });

  test("a slow answer cannot replace that to a later question", async () => {
    const started = desk.start();
    await asked("b");
    const slow = held.get("b");
    desk.swap();
    await asked("a");
    held.get("a")?.(["appeared"]);
    await until(() => desk.state.compared.value !== undefined, "the later answer");
    slow?.(["split", "split"]);
    await started;
    expect(desk.state.compared.value?.found.groups.map((one) => one.kind)).toEqual(["appeared"]);
    expect(nDrawn).toBe(1);
  });

  test("what was stopped while it loaded shows nothing", async () => {
    const started = desk.start();
    await asked("b");
    desk.stop();
    held.get("b")?.(["split"]);
    await started;
    expect([desk.state.compared.value, nDrawn]).toEqual([undefined, 0]);
  });

  test("another plane is compared as soon as it is shown", async () => {
    await compare(["split"]);
    held.clear();
    model.plane.value = { t: 0, z: 4 };
    expect([desk.state.compared.value, nDrawn]).toEqual([undefined, 0]);
    await asked("b");
    expect(lastPlane).toEqual({ t: 0, z: 4 });
  });

  test("one layer twice is refused with a sentence", async () => {
    await compare(["split"]);
    desk.choosePair("a", "a");
    expect(desk.state.problem.value).toBe("Choose two different layers.");
    expect(nDrawn).toBe(0);
  });
});

describe("the way through the differences", () => {
  test("goes round, over the kinds that are shown", async () => {
    await compare(["split", "vanished", "moved", "same"]);
    const places = [1, 1, 1, 1, -1].map((by) => {
      desk.step(by as 1 | -1);
      return desk.state.chosen.value;
    });
    expect(places).toEqual([0, 1, 2, 0, 2]);
    expect(revealed).toEqual([0, 10, 20, 0, 20]);
    desk.toggleKind("moved");
    expect(desk.state.chosen.value).toBeUndefined();
    desk.toggleKind("same");
    expect(desk.state.listed()).toEqual([0, 1, 3]);
    desk.step(-1);
    expect(desk.state.chosen.value).toBe(3);
    expect(model.spoken.value).toContain("3 of 3");
  });

  test("a click chooses the group of the object under it, of the side where it falls", async () => {
    await compare(["vanished"]);
    const at = (x: number) =>
      ({ image: { x: 5, y: 5 }, screen: { x, y: 0 } }) as Parameters<CompareDesk["pick"]>[0];
    await desk.readers?.a.ensure(rect(0, 0, 20, 20));
    desk.pick(at(10));
    expect(desk.state.chosen.value).toBe(0);
    desk.state.curtain.value = 0.5;
    desk.pick(at(60));
    expect(desk.state.chosen.value).toBeUndefined();
    desk.pick(at(40));
    expect(desk.state.chosen.value).toBe(0);
  });
});

describe("keys while two layers are compared", () => {
  test("step, close and refuse; others mean what they always do", async () => {
    expect(desk.takesKey("tab", true)).toBe(false);
    await compare(["split", "vanished"]);
    expect(desk.takesKey("tab", false)).toBe(false);
    expect(desk.takesKey("tab", true)).toBe(true);
    expect(desk.takesKey(".", false)).toBe(true);
    expect(desk.state.chosen.value).toBe(1);
    for (const key of ["a", "r", "e", "delete"]) expect(desk.takesKey(key, true)).toBe(true);
    expect(model.notices.value[0]?.text).toContain("Painting and deciding are off");
    for (const key of ["shift+v", "+", "0", "ctrl+z"]) expect(desk.takesKey(key, true)).toBe(false);
    desk.takesKey("escape", true);
    expect([desk.state.chosen.value, desk.isOn]).toEqual([undefined, true]);
    desk.takesKey("escape", true);
    expect(desk.isOn).toBe(false);
  });
});
