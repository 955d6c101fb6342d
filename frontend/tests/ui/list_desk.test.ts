import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Rect, rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { DraftStore } from "../../src/store/types";
import { ChosenDesk, type ChosenParts } from "../../src/ui/editor/chosen_desk";
import { ListDesk, type ListParts } from "../../src/ui/editor/list_desk";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { openAll, settle, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";

let server: ReferenceServer;
let layer: AnnotationPlane;
let draft: DraftStore | undefined;
let model: EditorModel;
let many: ChosenDesk;
let list: ListDesk;
let revealed: Rect | undefined;
let visible: Rect;
let moved: () => void;

/** Squares of 10, 20, 30 … pixels, 100 apart. */
beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  for (let id = 1; id <= 5; id++) {
    server.draw(id, rect(100 * id, 100, 100 * id + 10 * id, 100 + 10 * id));
  }
  const predicted = new ReferenceServer(seeded(4), 1024, 1024, "prediction");
  for (let id = 1; id <= 3; id++) {
    predicted.draw(id, rect(100 * id, 300, 100 * id + 20, 320), id / 4);
  }
  server.drafts.set("draft", predicted);
  layer = await openAll(server);
  draft = undefined;
  model = makeModel();
  visible = rect(0, 0, 1024, 1024);
  const stage = {
    view: () => ({ visible }),
    onDrawn: (listener: () => void) => {
      moved = listener;
      return () => undefined;
    },
    reveal: (box: Rect) => {
      revealed = box;
    },
  };
  const drafts = {
    get draft() {
      return draft;
    },
    shows: (id: number) => draft?.instances.stateOf(id) === "proposed",
    isBlindObject: (id: number) => id === 2,
  };
  const shared = {
    ...{ model, layer, drafts, scene: { stage } },
    attempt: <T>(edit: () => Promise<T>) => edit(),
    goTo: async () => undefined,
  };
  many = new ChosenDesk(shared as unknown as ChosenParts);
  list = new ListDesk({ ...shared, many } as unknown as ListParts);
  list.isOpen.value = true;
});
afterEach(() => {
  list.close();
  many.close();
  layer.close();
  vi.unstubAllGlobals();
});

const ids = () => {
  const { rows, order } = list.listed.value ?? {};
  return Array.from(order ?? [], (row) => rows?.id[row]);
};

test("it sorts by a column, and by the same again the other way round", () => {
  expect(ids()).toEqual([1, 2, 3, 4, 5]);
  list.sortBy("area");
  expect(ids()).toEqual([1, 2, 3, 4, 5]);
  list.sortBy("area");
  expect(ids()).toEqual([5, 4, 3, 2, 1]);
  list.sortBy("id");
  expect(ids()).toEqual([1, 2, 3, 4, 5]);
});

test("areas are asked for in micrometres where the size of a pixel is known", () => {
  list.setFilter({ area: { least: 400, most: 1600 } });
  expect(ids()).toEqual([2, 3, 4]);
  model.image.value = { pixelSizeUm: 0.5 } as never;
  list.setFilter({ area: { least: 100, most: 400 } });
  expect(ids()).toEqual([2, 3, 4]);
});

test("it follows what is painted and deleted, and where one looks when asked to", async () => {
  await layer.deleteInstance(3);
  await until(() => ids().length === 4, "the list without it");
  list.setFilter({ isInView: true });
  visible = rect(0, 0, 250, 1024);
  moved();
  await until(() => ids().length === 2, "the list of what is in view");
  expect(ids()).toEqual([1, 2]);
});

test("an object of the list is selected and brought into view, by its place or its number", async () => {
  list.sortBy("area");
  list.sortBy("area");
  list.select(0);
  expect(model.selected.value).toBe(5);
  await until(() => revealed !== undefined, "the picture moved");
  expect(revealed).toEqual(rect(500, 100, 550, 150));
  expect(list.placeOf(4)).toBe(1);
  expect(list.placeOf(77)).toBe(-1);
  model.selected.value = 2;
  expect(list.active.value).toBe(2);
});

test("everything that matches is chosen, and nothing else", async () => {
  list.setFilter({ area: { least: 900, most: null } });
  list.chooseMatching();
  expect([...model.chosen.value.ids]).toEqual([3, 4, 5]);
  list.toggle(4);
  many.remove();
  await until(() => layer.instances.count === 3, "two are deleted");
  await settle(server, layer);
  expect([...server.table.ids()]).toEqual([1, 2, 4]);
});

test("a draft is listed by its scores, decided ones too, and what is blind is not", async () => {
  draft = await layer.openDraft("draft");
  model.among.value = "draft";
  expect(ids()).toEqual([1, 2, 3]);
  list.setFilter({ score: { least: 0.5, most: null } });
  expect(ids()).toEqual([2, 3]);
  model.regions.value = [{ purpose: "blind_validation" } as never];
  expect(ids()).toEqual([3]);
  draft.reject([3]);
  model.draftCounts.value = { total: 3, left: 2, nFinished: 0 };
  expect(ids()).toEqual([3]);
  list.select(0);
  expect(model.selectedDraft.value).toBe(0);
  list.chooseMatching();
  expect(model.chosen.value.ids.size).toBe(0);
  model.isBlind.value = true;
  expect(list.listed.value?.among).toBe("annotation");
});

test("nothing is worked out while it is closed", async () => {
  list.isOpen.value = false;
  const before = list.listed.value;
  list.sortBy("area");
  await layer.deleteInstance(3);
  expect(list.listed.value).toBe(before);
  list.isOpen.value = true;
  expect(ids()).toEqual([1, 2, 4, 5]);
});
