import { describe, expect, test, vi } from "vitest";
import { api } from "../../src/api/pages";
import type { Labelled, Round } from "../../src/api/round_types";
import { worked } from "../../src/ui/pages/format";
import { isUntouched, RoundsState, stepsOf, whereabouts } from "../../src/ui/pages/project/rounds";

const NOTHING: Labelled = { n_images: 0, n_regions: 0, n_instances: 0, n_ops: 0, active_s: 0 };
const OPEN = { ...NOTHING, began_at: null };

function version(number: number, ap50: number | null) {
  return { version: { id: `v${number}`, number, name: `x v${number}` }, ap50, engine: "stardist" };
}

function round(before: number | null | undefined, after: readonly (number | null)[]): Round {
  return {
    ...NOTHING,
    number: 1,
    began_at: "2026-01-01T00:00:00Z",
    ended_at: "2026-01-02T00:00:00Z",
    before: before === undefined ? null : version(1, before),
    after: after.map((ap50, index) => version(index + 2, ap50)),
  };
}

describe("what a round gave", () => {
  test("each version is compared with the one before, the best first", () => {
    const steps = stepsOf(round(0.5, [0.6, null, 0.8]));

    expect(steps.map((step) => step.number)).toEqual([4, 2, 3]);
    expect(steps[0]?.gain).toBeCloseTo(0.3);
    expect(steps[1]?.gain).toBeCloseTo(0.1);
    expect(steps[2]?.gain).toBeNull();
  });

  test.each([undefined, null])("without a number before (%s) there is no gain", (before) => {
    expect(stepsOf(round(before, [0.8]))[0]).toMatchObject({ ap50: 0.8, gain: null });
  });

  test("a score of zero is a score", () => {
    expect(stepsOf(round(0, [0, null])).map((step) => step.number)).toEqual([2, 3]);
    expect(stepsOf(round(0, [0]))[0]?.gain).toBe(0);
  });

  test("an untrained round has no step", () => {
    expect(stepsOf(round(0.5, []))).toEqual([]);
  });
});

describe("what was labelled", () => {
  test("says where the new objects are", () => {
    expect(whereabouts({ ...NOTHING, n_regions: 3, n_images: 1 })).toBe("3 regions on 1 image");
    expect(whereabouts(NOTHING)).toBe("");
  });

  test("a project is untouched until something is painted, submitted or looked at for long", () => {
    expect(isUntouched({ rounds: [], open: OPEN })).toBe(true);
    expect(isUntouched({ rounds: [], open: { ...OPEN, n_ops: 1 } })).toBe(false);
    expect(isUntouched({ rounds: [], open: { ...OPEN, active_s: 5 } })).toBe(false);
    expect(isUntouched({ rounds: [round(0, [])], open: OPEN })).toBe(false);
  });

  test.each([
    [0, "0 s"],
    [59.4, "59 s"],
    [89, "1 min"],
    [3599, "1 h 0 min"],
    [3 * 3600 + 300, "3 h 5 min"],
  ])("%d seconds of work read %s", (seconds, words) => {
    expect(worked(seconds)).toBe(words);
  });
});

describe("the state of the panel", () => {
  test("keeps what it has when the server does not answer", async () => {
    const state = new RoundsState("p");
    const answer = { rounds: [], open: OPEN };
    const asked = vi.spyOn(api, "rounds").mockResolvedValueOnce(answer);
    await state.load();
    asked.mockRejectedValueOnce(new Error("The server cannot be reached."));
    await state.load();

    expect(state.rounds.value).toBe(answer);
    expect(state.problem.value).toBe("The server cannot be reached.");
    vi.restoreAllMocks();
  });
});
