import { describe, expect, it } from "vitest";
import { type ImagePoint, imagePoint } from "../../src/geometry/points";
import { rect } from "../../src/geometry/rect";
import type { WriteMode } from "../../src/store/edit_types";
import { brush, modeOf, targetOf } from "../../src/tools/brushes";
import { pick } from "../../src/tools/clicks";
import { boxBetween } from "../../src/tools/region";
import type { ToolContext } from "../../src/tools/tool";

/** Object 3 fills x < 10, object 8 fills x >= 30, between them is background. */
const labelAt = ({ x }: ImagePoint) => (x < 10 ? 3 : x >= 30 ? 8 : 0);

function context(
  parts: Partial<{ selected: number; mode: WriteMode; startsNew: boolean; isNewArmed: boolean }>,
) {
  const chosen: string[] = [];
  const made = {
    layer: { labelAt },
    draft: undefined,
    radius: 4,
    mode: "preserve",
    startsNew: true,
    isNewArmed: false,
    selected: 0,
    select: (id: number) => chosen.push(`object ${id}`),
    selectDraft: (id: number) => chosen.push(`draft ${id}`),
    ...parts,
  } as unknown as ToolContext;
  return { made, chosen };
}

describe("the object that a stroke extends", () => {
  it("is the one under the start", () => {
    expect(targetOf(context({ selected: 8 }).made, imagePoint(5, 5))).toBe(3);
  });

  it("is the selected one when others are overwritten", () => {
    expect(targetOf(context({ selected: 8, mode: "overwrite" }).made, imagePoint(5, 5))).toBe(8);
  });

  it("is the selected one when the brush touches it", () => {
    expect(targetOf(context({ selected: 8 }).made, imagePoint(27, 5))).toBe(8);
  });

  it("is a new one on empty ground", () => {
    expect(targetOf(context({ selected: 8 }).made, imagePoint(20, 5))).toBe(0);
    expect(targetOf(context({}).made, imagePoint(20, 5))).toBe(0);
  });

  it("is the selected one everywhere when strokes do not start objects", () => {
    const { made } = context({ selected: 8, startsNew: false });
    expect(targetOf(made, imagePoint(20, 5))).toBe(8);
  });

  it("is a new one wherever it starts when a new one was asked for", () => {
    expect(targetOf(context({ selected: 8, isNewArmed: true }).made, imagePoint(5, 5))).toBe(0);
  });
});

describe("the class of a new object", () => {
  const startAt = (x: number, mode: WriteMode) => {
    const { made } = context({ isNewArmed: true, mode });
    const begun: unknown[] = [];
    const stroke = { move() {}, commit() {}, cancel() {} };
    const layer = {
      labelAt,
      instances: { classOf: (id: number) => (id === 3 ? "mitosis" : "") },
      nextInstanceId: () => 9,
      beginStroke: (options: { className?: string }) => {
        begun.push(options.className);
        return stroke;
      },
    };
    const parts = { layer, activeClass: "resting", paintProblem() {}, disarmNew() {} };
    brush.down({ ...made, ...parts } as never, { image: imagePoint(x, 5), screen: {} } as never);
    return begun;
  };

  it("is the one that is chosen", () => {
    expect(startAt(20, "preserve")).toEqual(["resting"]);
    expect(startAt(5, "overwrite")).toEqual(["resting"]);
    expect(startAt(35, "inside")).toEqual(["resting"]);
  });

  it("is that of the object which it is a part of", () => {
    expect(startAt(5, "inside")).toEqual(["mitosis"]);
  });
});

it("swaps preserve and overwrite while Shift is held, and nothing else", () => {
  expect(modeOf("preserve", true)).toBe("overwrite");
  expect(modeOf("overwrite", true)).toBe("preserve");
  expect(modeOf("inside", true)).toBe("inside");
  expect(modeOf("preserve", false)).toBe("preserve");
});

it("picks annotated objects before drafts, and drafts only where they are seen", () => {
  const draft = { labelAt: ({ x }: ImagePoint) => (x < 25 ? 1 : 2) };
  const { made, chosen } = context({});
  const showsDraft = (id: number) => id === 1;
  const withDraft = { ...made, showsDraft, draft: draft as unknown as ToolContext["draft"] };
  pick(withDraft as ToolContext, imagePoint(5, 5));
  pick(withDraft as ToolContext, imagePoint(20, 5));
  pick(withDraft as ToolContext, imagePoint(28, 5));
  expect(chosen).toEqual(["object 3", "draft 1", "object 0"]);
});

it("takes whole pixels between two corners and stays inside of the image", () => {
  const box = boxBetween({ x: 10.2, y: 90.9 }, { x: -4, y: 20.5 }, rect(0, 0, 80, 80));
  expect(box).toEqual(rect(0, 20, 11, 80));
});
