import { describe, expect, test } from "vitest";
import type { Trial } from "../../src/api/page_types";
import { bestOf, isChosen, trialsIn } from "../../src/ui/pages/parts/recipes";

function trial(name: string, validation_loss: number | null): Trial {
  return { name, changes: {}, validation_loss, n_steps: 24, seconds: 3 };
}

const TRIALS = [trial("As usual", 0.5), trial("Decoder only", 0.3), trial("Pulled", 0.3)];

describe("the recipe that is trained on with", () => {
  test("has the lowest loss, the first of equals", () => {
    expect(bestOf(TRIALS)?.name).toBe("Decoder only");
  });

  test("is none where no loss is a number", () => {
    expect(bestOf([trial("As usual", null)])).toBeUndefined();
    expect(bestOf([trial("As usual", null), trial("Other", 2)])?.name).toBe("Other");
  });

  test("is chosen when the last one that was begun has its numbers", () => {
    expect(isChosen(TRIALS, "Pulled", true)).toBe(false);
    expect(isChosen(TRIALS, "A third of the learning rate", false)).toBe(false);
    expect(isChosen(TRIALS, "Pulled", false)).toBe(true);
    expect(isChosen(TRIALS, undefined, false)).toBe(true); // a version has all of them
  });

  test("a config without trials has none", () => {
    expect(trialsIn(undefined)).toEqual([]);
    expect(trialsIn({ trials: "none" })).toEqual([]);
    expect(trialsIn({ trials: TRIALS })).toEqual(TRIALS);
  });
});
