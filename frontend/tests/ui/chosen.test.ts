import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import type { DraftStore } from "../../src/store/types";
import { chosenAfter, chosenWith, differing, NONE_CHOSEN } from "../../src/ui/editor/chosen";
import { ChosenDesk, type ChosenParts } from "../../src/ui/editor/chosen_desk";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { PaintDesk, type PaintParts } from "../../src/ui/editor/paint_desk";
import { openAll, settle, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { FakeStage, type Press, stubPage } from "../viewer/pointers";

describe("a chosen set", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }));

  test("has what was added, not what was removed, and what is replaced is gone", () => {
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        const first = chosenAfter(NONE_CHOSEN, "draft", one, "add");
        const both = chosenAfter(first, "draft", other, "add");
        expect([...both.ids].sort()).toEqual([...new Set([...one, ...other])].sort());
        expect([...chosenAfter(first, "draft", other, "replace").ids]).toEqual(other);
        const rest = chosenAfter(both, "draft", other, "remove");
        expect([...rest.ids]).toEqual(one.filter((id) => !other.includes(id)));
        expect([...first.ids]).toEqual(one);
        expect(differing(first.ids, both.ids).sort()).toEqual(
          [...both.ids].filter((id) => !one.includes(id)).sort(),
        );
      }),
    );
  });

  test("is of one layer: choosing of the other begins anew", () => {
    const first = chosenAfter(NONE_CHOSEN, "annotation", [1, 2], "add");
    expect(chosenWith(first, "draft", 1)).toEqual({ among: "draft", ids: new Set([1]) });
    expect(chosenWith(first, "annotation", 1).ids).toEqual(new Set([2]));
  });
});

let server: ReferenceServer;
let layer: AnnotationPlane;
let draft: DraftStore | undefined;
let model: EditorModel;
let stage: FakeStage;
let many: ChosenDesk;
let paint: PaintDesk;

/** Squares of 20 pixels in a row, 100 apart: 1, 2, 3 … begin at x = 100, 200, 300 … */
beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  for (let id = 1; id <= 5; id++) server.draw(id, rect(100 * id, 100, 100 * id + 20, 120));
  const predicted = new ReferenceServer(seeded(4), 1024, 1024, "prediction");
  for (let id = 1; id <= 3; id++) predicted.draw(id, rect(100 * id, 300, 100 * id + 20, 320), 0.5);
  server.drafts.set("draft", predicted);
  layer = await openAll(server);
  draft = undefined;
  model = makeModel();
  model.tool.value = "choose-many";
  stage = new FakeStage();
  const drafts = {
    get draft() {
      return draft;
    },
    shows: (id: number) => draft?.instances.stateOf(id) === "proposed",
  };
  const shared = {
    ...{ model, layer, drafts },
    scene: {
      stage: stage.asStage,
      cursor: { setBand() {} },

      sketch: { set() {}, follow() {} },
    },
    attempt: <T>(edit: () => Promise<T>) => edit(),
  };
  many = new ChosenDesk(shared as unknown as ChosenParts);
  const desk = { drop() {} };
  const view = { isPanHeld: false, follow() {} };
  paint = new PaintDesk({ ...shared, many, desk, view } as unknown as PaintParts);
});
afterEach(() => {
  paint.close();
  many.close();
  layer.close();
  vi.unstubAllGlobals();
});

const chosen = () => [...model.chosen.value.ids].sort((a, b) => a - b);

function drag(corners: [number, number][], press: Press = {}): void {
  const [first, ...rest] = corners as [[number, number], ...[number, number][]];
  stage.fire("pointerdown", ...first, press);
  for (const corner of rest) stage.fire("pointermove", ...corner, press);
  stage.fire("pointerup", ...(rest.at(-1) ?? first), press);
}

describe("the tool", () => {
  test("chooses what lies inside a box with at least half of its extent", () => {
    drag([
      [109, 90],
      [312, 130],
    ]);
    expect(chosen()).toEqual([1, 2, 3]);
    drag([
      [111, 90],
      [308, 130],
    ]);
    expect(chosen()).toEqual([2]);
  });

  test("adds with Shift and takes away with Alt, whatever was held at first", () => {
    drag([
      [90, 90],
      [230, 130],
    ]);
    drag(
      [
        [390, 90],
        [430, 130],
      ],
      { shiftKey: true },
    );
    expect(chosen()).toEqual([1, 2, 4]);
    drag(
      [
        [190, 90],
        [430, 130],
      ],
      { altKey: true },
    );
    expect(chosen()).toEqual([1]);
  });

  test("chooses one more or one less by a click, and none by a click on the ground", () => {
    for (const x of [110, 210, 310, 210]) drag([[x, 110]]);
    expect(chosen()).toEqual([1, 3]);
    drag([[900, 900]]);
    expect(chosen()).toEqual([]);
  });

  test("draws a lasso with Ctrl, or a box when lassos are the rule", () => {
    const around: [number, number][] = [
      [90, 90],
      [130, 90],
      [130, 200],
      [290, 200],
      [290, 90],
      [330, 90],
      [330, 250],
      [90, 250],
    ];
    drag(around, { ctrlKey: true });
    expect(chosen()).toEqual([1, 3]);
    model.isLasso.value = true;
    drag(around);
    expect(chosen()).toEqual([1, 3]);
    drag(
      [
        [90, 90],
        [330, 250],
      ],
      { ctrlKey: true },
    );
    expect(chosen()).toEqual([1, 2, 3]);
  });

  test("Escape during a drag leaves the choice, and afterwards drops it", () => {
    drag([[110, 110]]);
    stage.fire("pointerdown", 90, 90);
    stage.fire("pointermove", 400, 400);
    paint.escape();
    expect(chosen()).toEqual([1]);
    paint.escape();
    expect(chosen()).toEqual([]);
  });

  test("what is chosen gives way to one object that is selected with another tool", () => {
    many.inView();
    expect(chosen()).toEqual([1, 2, 3, 4, 5]);
    model.tool.value = "select";
    drag([[110, 110]]);
    expect([chosen(), model.selected.value]).toEqual([[], 1]);
  });
});

describe("what is done to all of them", () => {
  const told = () => model.notices.value.at(-1)?.text;
  const says = (part: string) => until(() => told()?.includes(part) ?? false, part);

  test("deleting says how many, and one undo brings them back", async () => {
    many.choose("annotation", [1, 2, 3], "replace");
    paint.deleteSelected();
    await says("3 objects deleted. Undo takes it back.");
    expect(chosen()).toEqual([]);
    await layer.undo();
    await settle(server, layer);
    expect(server.table.count).toBe(5);
  });

  test("merging keeps the largest", async () => {
    server.table.setClass(1, "");
    await layer.merge(4, 5);
    many.choose("annotation", [1, 4, 2], "replace");
    many.merge();
    await says("2 objects now part of object 4");
    await settle(server, layer);
    expect([...server.table.ids()]).toEqual([3, 4]);
    expect(model.selected.value).toBe(4);
  });

  test("a class is given to all", async () => {
    many.choose("annotation", [2, 3], "replace");
    expect(many.setClass("mitosis")).toBe(true);
    await says("2 objects: mitosis");
    await settle(server, layer);
    expect(server.table.classCount().get("mitosis")).toBe(2);
    expect(chosen()).toEqual([2, 3]);
  });

  test("who may only look changes nothing", () => {
    model.mayAnnotate.value = false;
    many.choose("annotation", [2, 3], "replace");
    for (const act of [() => many.remove(), () => many.setClass("a")]) expect(act()).toBe(true);
    expect(layer.instances.count).toBe(5);
    expect(layer.history.value.canUndo).toBe(false);
  });

  test("keys mean a single object when nothing is chosen", () => {
    expect([many.remove(), many.accept(), many.reject(), many.setClass("a")]).toEqual(
      Array(4).fill(false),
    );
  });

  test("what somebody else deletes is chosen no more", async () => {
    const ben = await openAll(server, { user: "ben" });
    many.choose("annotation", [2, 3], "replace");
    await ben.deleteInstance(2);
    await until(() => chosen().length === 1, "the news");
    expect(chosen()).toEqual([3]);
    ben.close();
  });

  describe("of a draft", () => {
    beforeEach(async () => {
      draft = await layer.openDraft("draft");
      await draft.ensure(server.bounds);
      model.among.value = "draft";
    });

    test("accepts what is chosen of it", async () => {
      drag([
        [90, 290],
        [230, 330],
      ]);
      expect(model.chosen.value).toEqual({ among: "draft", ids: new Set([1, 2]) });
      expect(many.accept()).toBe(true);
      await says("2 draft objects accepted.");
      many.draftChanged();
      expect(chosen()).toEqual([]);
      await settle(server, layer);
      expect(server.table.count).toBe(7);
      expect(draft?.instances.countIn("proposed")).toBe(1);
    });

    test("rejects it, and takes that back when asked to", async () => {
      many.choose("draft", [1, 3], "replace");
      many.reject();
      expect(draft?.instances.countIn("rejected")).toBe(2);
      model.notices.value.at(-1)?.actions[0]?.run();
      expect(draft?.instances.countIn("proposed")).toBe(3);
    });

    test("a click takes what lies under it, of whichever layer it is", () => {
      drag([[110, 110]]);
      expect(model.chosen.value.among).toBe("annotation");
      drag([[110, 310]]);
      expect(model.chosen.value).toEqual({ among: "draft", ids: new Set([1]) });
    });

    test("none of it is chosen where drafts must not be seen", () => {
      model.isBlind.value = true;
      expect(many.among).toBe("annotation");
    });
  });
});
