import { describe, expect, test } from "vitest";
import type { Evaluation, Version } from "../../src/api/page_types";
import type { Report } from "../../src/api/report_types";
import { fastInWords, lacksFast, newestMeasured } from "../../src/ui/pages/parts/fast";

function measured(share: number | null): Report {
  return {
    pooled: { ap: { "0.5": 0.72 } },
    fast: {
      pooled: { ap: { "0.5": 0.71 } },
      agreement: { iou: 0.9, n_objects: 100, n_same: 97, share },
    },
  };
}

function evaluation(split: string, metrics: Report = measured(0.97)): Evaluation {
  return { id: "e", training_set: null, split, metrics };
}

function version(number: number, evaluations: Evaluation[]): Version {
  return {
    id: `v${number}`,
    number,
    engine: "stardist",
    origin: "scratch",
    parent: null,
    size_bytes: 1,
    created_at: "2026-01-01T00:00:00Z",
    evaluations,
  };
}

describe("what fast drafts cost", () => {
  test("is one sentence", () => {
    expect(fastInWords(measured(0.97))).toBe(
      "Fast drafts: AP50 0.71 instead of 0.72; 97 % of the objects the same.",
    );
  });

  test("only all objects are 100 %", () => {
    expect(fastInWords(measured(0.9999))).toContain(" 99 % of");
    expect(fastInWords(measured(1))).toContain(" 100 % of");
    expect(fastInWords(measured(0.29))).toContain(" 29 % of"); // 0.29 * 100 is below 29
  });

  test("no share is made up where nothing was found", () => {
    expect(fastInWords(measured(null))).toContain("no object to compare");
  });

  test("is not said where it was not measured", () => {
    expect(fastInWords({ pooled: { ap: { "0.5": 0.7 } } })).toBeUndefined();
  });
});

describe("whether it should be measured", () => {
  const without = { pooled: { ap: { "0.5": 0.7 } } };

  test("only on blind validation of a project with fast drafts, and once", () => {
    expect(lacksFast(evaluation("validation", without), true)).toBe(true);
    expect(lacksFast(evaluation("validation", without), false)).toBe(false);
    expect(lacksFast(evaluation("test", without), true)).toBe(false);
    expect(lacksFast(evaluation("validation"), true)).toBe(false);
  });

  test("the newest version that blind validation measured is shown", () => {
    const versions = [
      version(2, [evaluation("validation")]),
      version(4, []),
      version(3, [evaluation("test")]),
      version(1, [evaluation("validation")]),
    ];

    expect(newestMeasured(versions)?.version.number).toBe(2);
    expect(newestMeasured([])).toBeUndefined();
  });
});
