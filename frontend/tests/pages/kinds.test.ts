import { describe, expect, it } from "vitest";
import type { KindsReport } from "../../src/api/report_types";
import { confused } from "../../src/ui/pages/parts/kinds";

const kinds: KindsReport = {
  names: ["round", "long", "split"],
  accuracy: 0.5,
  n_judged: 20,
  by_class: [],
  confusion: [
    [9, 1, 3, 2],
    [0, 4, 0, 0],
    [1, 0, 0, 0],
  ],
};

describe("confused", () => {
  it("names what objects were taken for, the most frequent first", () => {
    expect(confused(kinds, 0)).toBe("split (3), no class (2), long (1)");
    expect(confused(kinds, 2)).toBe("round (1)");
  });

  it("says nothing where every object got its class", () => {
    expect(confused(kinds, 1)).toBe("");
    expect(confused(kinds, 7)).toBe("");
  });
});
