import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import { kindWord } from "../../src/texts/kinds";
import { SHAPE_COMMANDS } from "../../src/tools/shaping";
import { expectAreas, expectTruth, openAll, settle } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";
import { Desk } from "./desk";

/** Objects 1, 2 and 3 stand side by side with gaps of 10. */
let server: ReferenceServer;
let desk: Desk;

beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(6));
  server.draw(1, rect(100, 100, 140, 130));
  server.draw(2, rect(150, 100, 170, 130));
  server.draw(3, rect(180, 100, 200, 130));
  desk = new Desk(await openAll(server));
  desk.model.radius.value = 3;
});
afterEach(() => {
  desk.close();
  vi.unstubAllGlobals();
});

const at = (x: number, y: number) => desk.layer.labelAt(imagePoint(x + 0.5, y + 0.5));
const areaOf = (id: number) => desk.layer.instances.areaOf(id);
const kinds = () => server.log.map((op) => op.kind);

async function saved(): Promise<void> {
  await desk.idle();
  await settle(server, desk.layer);
  expectTruth(server, desk.layer);
}

describe("lasso", () => {
  beforeEach(() => desk.paint.chooseTool("lasso"));

  test("a drag paints what it goes around, as a new object", async () => {
    desk.drag([300, 300, 340, 300, 340, 320, 300, 320]);
    await saved();
    const id = desk.model.selected.value;
    expect(id).toBeGreaterThan(3);
    expect(areaOf(id)).toBe(40 * 20);
    expect(kinds()).toEqual(["lasso"]);
    expect(desk.sketch).toBeUndefined();
  });

  test.each([
    ["Enter", () => desk.paint.takesKey("enter")],
    ["a click on the first corner", () => desk.click(302, 299)],
    ["a double click", () => desk.click(300, 320)],
  ])("corners are set by clicks and closed by %s", async (_what, close) => {
    for (const [x, y] of [
      [300, 300],
      [340, 300],
      [340, 320],
      [300, 320],
    ] as const) {
      desk.click(x, y);
    }
    expect(desk.sketch?.points).toHaveLength(4);
    expect(desk.sketch?.isOpen).toBe(true);
    close();
    await saved();
    expect(areaOf(desk.model.selected.value)).toBe(40 * 20);
  });

  test("Backspace and undo take the last corner, Esc all of them, and nothing is deleted", async () => {
    desk.model.selected.value = 1;
    for (const x of [300, 320, 340]) desk.click(x, x);
    expect(desk.paint.takesKey("backspace")).toBe(true);
    expect(desk.sketch?.points).toHaveLength(2);
    desk.paint.undo();
    expect(desk.sketch?.points).toHaveLength(1);
    desk.click(320, 320);
    desk.paint.escape();
    expect(desk.sketch).toBeUndefined();
    expect(desk.model.selected.value).toBe(1);
    expect(desk.paint.takesKey("backspace")).toBe(false);
    await saved();
    expect(kinds()).toEqual([]);
  });

  test("two corners are no area", () => {
    desk.click(300, 300);
    desk.click(340, 300);
    desk.paint.takesKey("enter");
    expect(desk.said).toMatch(/three corners/);
    expect(desk.sketch?.points).toHaveLength(2);
  });

  test("begun inside an object it extends it and spares others, with Shift it takes them", async () => {
    const ring = [135, 110, 175, 110, 175, 120, 135, 120];
    desk.drag(ring);
    await saved();
    expect(areaOf(1)).toBe(40 * 30 + (10 + 5) * 10);
    expect(areaOf(2)).toBe(20 * 30);
    desk.drag(ring, { shiftKey: true });
    await saved();
    expect(areaOf(2)).toBe(20 * 20);
  });

  test("with Alt it takes the area from the selected object only", async () => {
    desk.model.selected.value = 1;
    desk.drag([120, 90, 165, 90, 165, 140, 120, 140], { altKey: true });
    await saved();
    expect(areaOf(1)).toBe(20 * 30);
    expect(areaOf(2)).toBe(20 * 30);
  });

  test("is forgotten when another tool is taken", () => {
    desk.click(300, 300);
    desk.paint.chooseTool("brush");
    expect(desk.sketch).toBeUndefined();
  });

  test("the new object that was asked for is made wherever it starts", async () => {
    desk.paint.armNew();
    expect(desk.model.tool.value).toBe("lasso");
    desk.drag([135, 110, 145, 110, 145, 120, 135, 120]);
    await saved();
    expect(areaOf(1)).toBe(40 * 30);
    expect(areaOf(desk.model.selected.value)).toBe(5 * 10);
    expect(desk.model.isNewArmed.value).toBe(false);
  });
});

describe("split", () => {
  beforeEach(() => desk.paint.chooseTool("split"));

  test("a drag across an object makes two of it", async () => {
    desk.drag([110, 90, 110, 140]);
    await saved();
    const newId = at(102, 110) as number;
    expect(desk.said).toBe(`Object 1 is now 1 and ${newId}.`);
    expect(at(120, 110)).toBe(1);
    expect(areaOf(1) + areaOf(newId)).toBe(40 * 30);
    expect(kinds()).toEqual(["split"]);
    desk.paint.undo();
    await saved();
    expect(areaOf(1)).toBe(40 * 30);
    expect(areaOf(newId)).toBe(0);
  });

  test("the selected object is cut where the line crosses several", async () => {
    desk.model.selected.value = 2;
    desk.drag([90, 115, 210, 115]);
    await saved();
    expect([areaOf(1), areaOf(3)]).toEqual([40 * 30, 20 * 30]);
    expect(areaOf(2)).toBeLessThan(20 * 30);
  });

  test("two clicks divide by the shape, or by the image where it is at hand", async () => {
    desk.click(105, 115);
    expect(desk.sketch?.shape).toBe("seeds");
    desk.click(135, 115);
    await saved();
    expect(desk.said).toMatch(/by its shape/);
    expect(desk.sketch).toBeUndefined();
    desk.paint.undo();
    await saved();
    // The box of object 1 with its margin of 2, dark at x = 130.
    desk.grey = Uint8Array.from({ length: 44 * 34 }, (_, i) => {
      const x = 98 + (i % 44);
      return x < 100 || x >= 140 ? 0 : Math.abs(x - 130) <= 1 ? 10 : 200;
    });
    desk.click(105, 115);
    desk.click(136, 115);
    await saved();
    expect(desk.said).toMatch(/by the image/);
    expect(at(126, 115)).toBe(1);
    expect(at(134, 115)).not.toBe(1);
  });

  test("a second click in another object is told, and Esc forgets the first", async () => {
    desk.click(105, 115);
    desk.click(160, 115);
    expect(desk.said).toMatch(/That is object 2/);
    expect(desk.sketch?.shape).toBe("seeds");
    desk.paint.escape();
    expect(desk.sketch).toBeUndefined();
    desk.drag([300, 300, 320, 320]);
    expect(desk.said).toMatch(/crosses no object/);
    await saved();
    expect(kinds()).toEqual([]);
  });
});

describe("merge", () => {
  beforeEach(() => desk.paint.chooseTool("merge"));

  test("a drag makes all objects it crosses parts of the first, in one step", async () => {
    desk.model.selected.value = 1;
    desk.drag([190, 115, 160, 115, 120, 115]);
    await saved();
    expect(areaOf(3)).toBe(40 * 30 + 2 * 20 * 30);
    expect(desk.said).toBe("2 objects are now part of 3.");
    expect(kinds()).toEqual(["merge"]);
    desk.paint.undo();
    await saved();
    expect([1, 2, 3].map(areaOf)).toEqual([1200, 600, 600]);
  });

  test("two clicks merge as before, and a drag over one object does nothing", async () => {
    desk.drag([105, 110, 130, 110]);
    expect(desk.said).toMatch(/Drag across two/);
    desk.click(190, 115);
    desk.click(160, 115);
    await saved();
    expect(areaOf(3)).toBe(2 * 20 * 30);
  });
});

test("a click erases a whole piece and says how large it was", async () => {
  desk.paint.chooseTool("brush");
  desk.model.selected.value = 1;
  desk.model.startsNew.value = false;
  desk.drag([300, 300, 310, 300]);
  await saved();
  const loose = areaOf(1) - 1200;
  desk.paint.chooseTool("erase-piece");
  desk.click(305, 300);
  await saved();
  expect(desk.said).toBe(`Erased a piece of object 1: ${loose} pixels.`);
  desk.click(160, 115);
  await saved();
  expect(desk.said).toBe("Object 2 erased: 600 pixels. Undo brings it back.");
  desk.click(400, 400);
  await desk.idle();
  expect(desk.refused).toEqual(["There is no object to erase there."]);
  expectAreas(desk.layer);
});

describe("Shift", () => {
  const line = async (x: number, y: number) => {
    desk.click(x, y, { shiftKey: true });
    await saved();
  };

  test("and a click draw a straight line on from the last stroke, again and again", async () => {
    desk.drag([300, 300, 310, 300]);
    await saved();
    const id = desk.model.selected.value;
    await line(350, 300);
    await line(350, 340);
    expect(at(330, 300)).toBe(id);
    expect(at(350, 320)).toBe(id);
    expect(at(330, 320)).toBe(0);
    expect(kinds()).toEqual(["brush", "brush", "brush"]);
    desk.paint.undo();
    await saved();
    expect(at(350, 320)).toBe(0);
    expect(at(330, 300)).toBe(id);
    // From where the line before had ended, not from the one that was taken back.
    await line(350, 260);
    expect(at(350, 280)).toBe(id);
    expect(at(350, 320)).toBe(0);
  });

  test("and a click spare other objects as the mode says; held through a stroke it swaps", async () => {
    desk.drag([105, 105, 110, 105]);
    await saved();
    await line(160, 115);
    expect(areaOf(2)).toBe(600);
    desk.drag([110, 105, 130, 110, 160, 115], { shiftKey: true });
    await saved();
    expect(areaOf(2)).toBeLessThan(600);
    expect(at(160, 115)).toBe(1);
  });

  test("and a click erase along a line with an eraser", async () => {
    desk.paint.chooseTool("erase-any");
    desk.drag([105, 115, 106, 115]);
    await saved();
    await line(190, 115);
    expect([at(120, 115), at(160, 115), at(185, 115)]).toEqual([0, 0, 0]);
    expect(areaOf(3)).toBeGreaterThan(300);
  });

  test("is no line when no stroke came before, or another tool was taken meanwhile", async () => {
    await line(300, 300);
    expect(at(300, 300)).toBe(desk.model.selected.value);
    desk.paint.chooseTool("erase-any");
    desk.paint.chooseTool("brush");
    await line(360, 300);
    expect(at(330, 300)).toBe(0);
  });

  test("shows the line before it is drawn", async () => {
    desk.drag([300, 300, 310, 300]);
    await saved();
    desk.stage.fire("pointermove", 340, 330, { shiftKey: true, buttons: 0 });
    expect(desk.sketch?.points.map(({ x, y }) => [x, y])).toEqual([
      [310, 300],
      [340, 330],
    ]);
    desk.stage.fire("pointermove", 341, 330, { buttons: 0 });
    expect(desk.sketch).toBeUndefined();
  });
});

describe("commands on the selected object", () => {
  test.each(SHAPE_COMMANDS)(
    "$how says what it did, or that there was nothing to do",
    async (one) => {
      desk.paint.reshape(one);
      expect(desk.said).toBe("Select an object of the annotation first.");
      desk.model.selected.value = 1;
      desk.paint.reshape(one);
      await saved();
      expect(desk.said).toMatch(/object 1|Object 1/);
      expect(kinds()).toEqual(desk.layer.history.value.canUndo ? [one.how] : []);
      expect(desk.model.selected.value).toBe(1);
    },
  );

  test("and all tools have words of their own for undo", () => {
    const made = [...SHAPE_COMMANDS.map((one) => one.how), "split", "lasso", "erase-piece"];
    for (const kind of made) {
      expect(kindWord(kind)).not.toMatch(/-/);
      expect(kindWord(kind) === kind && kind !== "lasso").toBe(false);
      // What the server takes for a kind.
      expect(kind).toMatch(/^[a-z][a-z0-9_-]{0,23}$/);
    }
  });
});

test.each([
  ["lasso", () => desk.drag([300, 300, 340, 300, 340, 320, 300, 320])],
  ["split", () => desk.drag([120, 90, 120, 140])],
  ["erase-piece", () => desk.click(110, 110)],
  ["fill", () => desk.click(320, 310)],
] as const)("%s reports what it did to who listens", async (tool, act) => {
  if (tool === "fill") {
    desk.drag([300, 300, 340, 300, 340, 320, 300, 320, 300, 300]); // a ring
    await saved();
    desk.reports.splice(0);
  }
  desk.paint.chooseTool(tool);
  act();
  await saved();
  expect(desk.reports).toEqual([expect.objectContaining({ kind: kinds().at(-1) })]);
});

test("shaping reports what it did to who listens", async () => {
  desk.model.selected.value = 1;
  desk.paint.reshape(SHAPE_COMMANDS.find(({ how }) => how === "grow") as never);
  await saved();
  expect(desk.reports).toEqual([expect.objectContaining({ kind: "grow" })]);
});
