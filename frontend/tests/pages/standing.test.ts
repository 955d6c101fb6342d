import { describe, expect, test } from "vitest";
import type { Run } from "../../src/api/page_types";
import { secondsTrained, whereItStands } from "../../src/ui/pages/parts/standing";

describe("where a run stands", () => {
  test("is told by steps, else by epochs, else as before the first step", () => {
    const epochs = { epoch: 2, of: 9 };
    expect(whereItStands({ ...epochs, step: 30, n_steps: 100 })).toBe("at step 30 of 100");
    expect(whereItStands(epochs)).toBe("after epoch 2 of 9");
    expect(whereItStands({ stage: "preparing" })).toBe("before its first step");
    expect(whereItStands({ step: 0, n_steps: 100 })).toBe("before its first step");
  });
});

describe("the time a run took", () => {
  const run = (fields: object) => fields as unknown as Run;
  const began = { started_at: "2026-01-01T10:00:00Z", finished_at: "2026-01-01T11:00:00Z" };

  test("is without its pauses", () => {
    expect(secondsTrained(run(began))).toBe(3600);
    expect(secondsTrained(run({ ...began, paused_s: 3000 }))).toBe(600);
  });

  test("is unknown before the end and never negative", () => {
    expect(secondsTrained(run({ ...began, finished_at: null }))).toBeNull();
    expect(secondsTrained(run({ ...began, paused_s: 3601 }))).toBe(0);
  });
});
