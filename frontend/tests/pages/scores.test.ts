import { describe, expect, test } from "vitest";
import type { Evaluation, Version } from "../../src/api/page_types";
import {
  atIou,
  comparable,
  curve,
  gain,
  newest,
  originInWords,
} from "../../src/ui/pages/parts/scores";

function evaluation(set: number, ap: number, split = "validation"): Evaluation {
  return {
    id: `e${set}`,
    training_set: { id: `set${set}`, number: set, n_images: 1, n_regions: 1, n_instances: 1 },
    split,
    metrics: { pooled: { ap: { "0.5": ap, "0.9": 0.1 } } },
  };
}

function version(number: number, evaluations: Evaluation[], parent = 0): Version {
  return {
    id: `v${number}`,
    number,
    engine: "stardist",
    origin: "scratch",
    parent: parent ? { id: `v${parent}`, number: parent, engine: "stardist" } : null,
    size_bytes: 1,
    created_at: "2026-01-01T00:00:00Z",
    evaluations,
  };
}

describe("what may be compared", () => {
  test("versions measured on different sets are not subtracted", () => {
    const parent = version(1, [evaluation(1, 0.9)]);
    const child = version(2, [evaluation(2, 0.5)], 1);

    expect(gain(child, [parent, child])).toBeUndefined();
  });

  test("of the sets that measured both the newest counts", () => {
    const parent = version(1, [evaluation(1, 0.2), evaluation(2, 0.4), evaluation(3, 0.9)]);
    const child = version(2, [evaluation(1, 0.9), evaluation(2, 0.7)], 1);

    expect(gain(child, [child, parent])).toBeCloseTo(0.3);
  });

  test("blind validation counts before test", () => {
    const mine = [evaluation(1, 0.3, "test"), evaluation(1, 0.6)];

    expect(comparable(mine, mine)?.mine.split).toBe("validation");
    expect(newest(mine)?.split).toBe("validation");
  });

  test("an evaluation without numbers is no measurement", () => {
    expect(newest([{ ...evaluation(1, 0.5), metrics: {} }])).toBeUndefined();
  });

  test("a version without a parent has no gain", () => {
    expect(gain(version(1, [evaluation(1, 0.5)]), [])).toBeUndefined();
  });
});

describe("score tables", () => {
  test("a threshold is found however it is written", () => {
    expect(atIou({ "0.50": 0.7 }, 0.5)).toBe(0.7);
    expect(atIou({ "0.5": 0.7 }, 0.5)).toBe(0.7);
    expect(atIou(undefined, 0.5)).toBeUndefined();
  });

  test("a curve runs in order of IoU", () => {
    expect(curve({ "0.9": 0.1, "0.5": 0.8 })).toEqual([
      [0.5, 0.8],
      [0.9, 0.1],
    ]);
  });

  test.each([
    ["scratch", "from scratch"],
    ["pretrained:2D_versatile_fluo", "from official 2D_versatile_fluo"],
    ["version:3", "from v3"],
    ["upload", "uploaded"],
  ])("the origin %s reads %s", (origin, words) => {
    expect(originInWords(origin)).toBe(words);
  });
});
