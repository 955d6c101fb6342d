import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TourChange } from "../../src/api/tour";
import type { OpReport } from "../../src/store/edit_types";
import type { InstanceIndex } from "../../src/store/types";
import { TOUR_END_TEXTS, TOUR_STEP_TEXTS } from "../../src/texts/tour";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { TourDesk, type TourKept } from "../../src/ui/editor/tour_desk";
import { tourKeys } from "../../src/ui/editor/tour_keys";
import type { View } from "../../src/viewer/stage";
import { stubPage } from "../viewer/pointers";

const NEW: TourKept = { status: "new", step: "look", isDue: true };

let model: EditorModel;
let desk: TourDesk;
let kept: TourChange[];
let areas: Map<number, number>;
let drawn: ((view: View) => void)[];

beforeEach(() => {
  stubPage();
  model = makeModel();
  kept = [];
  areas = new Map([[7, 100]]);
  drawn = [];
});
afterEach(() => {
  desk.close();
  vi.unstubAllGlobals();
});

function view(scale: number, e = 0, width = 800): View {
  return {
    scale,
    width,
    height: 600,
    toScreen: { a: scale, b: 0, c: 0, d: scale, e, f: 0 },
  } as View;
}

function open(given: TourKept = NEW): void {
  const instances = {
    areaOf: (id: number) => areas.get(id) ?? 0,
    ids: () => Uint32Array.from(areas.keys()),
  } as unknown as InstanceIndex;
  const stage = {
    view: () => view(1),
    onDrawn: (listener: (view: View) => void) => {
      drawn.push(listener);
      return () => {
        drawn = drawn.filter((one) => one !== listener);
      };
    },
  };
  const api = {
    keep: async (change: TourChange) => {
      kept.push(change);
    },
  };
  desk = new TourDesk({ model, layer: { instances }, stage, api, kept: given });
  desk.begin();
}

function see(...views: View[]): void {
  for (const one of views) for (const listener of drawn) listener(one);
}

/** An edit of this kind gave the object this size. */
function edit(kind: string, id = 0, area = 0): void {
  if (id) {
    areas.set(id, area);
    model.selected.value = id;
  }
  desk.edited({ n: 1, kind, nPixels: 5 } as OpReport);
}

test("looking is not kept: neither the opening, nor a zoom, nor a move", () => {
  open();
  expect(desk.step.value).toBe("look");
  see(view(1.3), view(1.6), view(1.6, 20));
  expect(desk.place.value?.done).toEqual(["zoom"]);
  see(view(1.6, 40));
  expect(desk.step.value).toBe("brush");
  expect(kept).toEqual([]);
  expect(drawn).toEqual([]);
});

test("a zoom that carries the image along, or a panel, is no move", () => {
  open();
  see(view(1.1, 50), view(1.12, 90), view(1.12, 200, 500));
  expect(desk.place.value?.done).toEqual([]);
});

test("really doing it leads to the end, and is kept step by step", () => {
  open({ ...NEW, status: "under_way", step: "brush" });
  model.radius.value = 14;
  expect(desk.step.value).toBe("paint");
  edit("brush", 9, 40);
  expect(desk.step.value).toBe("edge");
  edit("erase-selected", 9, 30);
  expect(desk.step.value).toBe("undo");
  edit("redo");
  edit("undo");
  edit("redo");
  expect(desk.step.value).toBe("find");
  model.isPanelOpen.value = true;
  model.isHelpOpen.value = true;
  expect(desk.step.value).toBe("end");
  expect(desk.hasPainted.value).toBe(true);
  expect(kept.map(({ status, step }) => `${status} ${step}`)).toEqual([
    "under_way paint",
    "under_way edge",
    "under_way undo",
    "under_way find",
    "done look",
  ]);
  desk.later();
  expect(desk.place.value).toBeUndefined();
  expect(kept).toHaveLength(5);
});

test("only a new object is one painted, and only its own edge is corrected", () => {
  open({ ...NEW, status: "under_way", step: "paint" });
  edit("brush", 7, 150);
  edit("accept", 8, 20);
  desk.edited(3);
  desk.edited(undefined);
  expect(desk.step.value).toBe("paint");
  edit("brush", 9, 40);
  edit("brush", 10, 40);
  edit("class", 9, 41);
  expect(desk.step.value).toBe("edge");
  edit("brush", 9, 60);
  expect(desk.step.value).toBe("undo");
});

test("when the object is gone, or was painted by an earlier page, another one will do", () => {
  open({ ...NEW, status: "under_way", step: "edge" });
  edit("brush", 9, 40);
  expect(desk.step.value).toBe("edge");
  edit("smooth", 7, 90);
  expect(desk.step.value).toBe("undo");
});

test("the answers: not now, not again, and a step skipped", () => {
  open();
  desk.skip();
  desk.later();
  expect(desk.place.value).toBeUndefined();
  desk.start();
  expect(desk.step.value).toBe("brush");
  desk.dismiss();
  expect(desk.place.value).toBeUndefined();
  expect(kept).toEqual([
    { status: "under_way", step: "brush" },
    { status: "later", step: "brush" },
    { status: "dismissed", step: "brush" },
  ]);
});

test("started from the help after it was answered for good, it stays answered", () => {
  open({ status: "dismissed", step: "brush", isDue: false });
  expect(desk.place.value).toBeUndefined();
  expect(desk.isBegun).toBe(true);
  desk.start();
  desk.skip();
  desk.later();
  expect(kept.every(({ status }) => status === "dismissed")).toBe(true);
});

test("who may not paint gets no tour by itself, a short one on request, and nothing is kept", () => {
  model.mayAnnotate.value = false;
  open();
  expect(desk.place.value).toBeUndefined();
  desk.start();
  desk.skip();
  expect(desk.step.value).toBe("find");
  desk.skip();
  expect(desk.step.value).toBe("end");
  expect(kept).toEqual([]);
});

test("every key that a text speaks of is one that a tool or command has", () => {
  const keys = tourKeys();
  expect(Object.values(keys).filter((key) => key === "")).toEqual([]);
  expect(keys.brush).toBe("B");
  const texts = [...Object.values(TOUR_STEP_TEXTS), TOUR_END_TEXTS].map(({ text }) => text(keys));
  expect(texts.join(" ")).not.toMatch(/undefined/);
  expect(TOUR_STEP_TEXTS.undo.text(keys)).toContain("Ctrl+Z");
});
