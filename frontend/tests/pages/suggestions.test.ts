import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../../src/api/pages";
import type { Selection, Suggestion, Suggestions } from "../../src/api/round_types";
import {
  howFar,
  inOrder,
  NextRegions,
  planeInWords,
  stageOf,
  standing,
  visibleBox,
} from "../../src/ui/pages/project/suggestions";

function suggestion(rank: number, change: Partial<Suggestion> = {}): Suggestion {
  return {
    id: `s${rank}`,
    rank,
    image: {
      id: `i${rank}`,
      name: `${rank}.tif`,
      width: 1000,
      height: 500,
      n_z: 1,
      n_t: 1,
      thumbnail: "",
    },
    box: [0, 0, 256, 256],
    t: 0,
    z: 0,
    purpose: "training",
    strategy: "typical",
    reason: "Typical of 4 regions that look like this.",
    state: "open",
    region: null,
    region_state: null,
    ...change,
  };
}

function selection(state: Selection["state"], progress: Selection["progress"] = {}): Selection {
  return {
    id: "one",
    state,
    version: null,
    created_at: "2026-01-01T00:00:00Z",
    finished_at: null,
    progress,
    error_message: "",
  };
}

test("a region of a stack or a time series says its plane, from 1", () => {
  const said = (n_t: number, n_z: number) => {
    const { image } = suggestion(1);
    return planeInWords(suggestion(1, { t: n_t - 1, z: n_z - 1, image: { ...image, n_t, n_z } }));
  };
  expect(said(1, 1)).toBe("");
  expect(said(1, 16)).toBe("plane 16 of 16");
  expect(said(5, 1)).toBe("time 5 of 5");
  expect(said(5, 16)).toBe("time 5 of 5, plane 16 of 16");
});

describe("where a suggestion stands", () => {
  test("a taken one is being painted until its region is submitted", () => {
    const taken = suggestion(1, { state: "taken", region: "r", region_state: "open" });

    expect(standing(suggestion(1))).toBe("open");
    expect(standing(taken)).toBe("painting");
    expect(standing({ ...taken, region_state: "submitted" })).toBe("done");
  });

  test("one whose region was deleted waits again", () => {
    expect(standing(suggestion(1, { state: "taken", region: null }))).toBe("open");
  });

  test("what waits comes before what is painted, and what is done comes last", () => {
    const done = suggestion(1, { state: "taken", region: "r", region_state: "submitted" });
    const painting = suggestion(2, { state: "taken", region: "r", region_state: "open" });

    const ranks = inOrder([done, painting, suggestion(4), suggestion(3)]).map((one) => one.rank);
    expect(ranks).toEqual([3, 4, 2, 1]);
  });
});

describe("where the choosing stands", () => {
  test.each([
    [null, 0, "never"],
    [selection("queued"), 3, "choosing"],
    [selection("running"), 0, "choosing"],
    [selection("failed"), 3, "failed"],
    [selection("lost"), 0, "failed"],
    [selection("finished"), 0, "nothing"],
    [selection("finished"), 1, "chosen"],
  ] as const)("%j with %i suggestions is %s", (asked, n, stage) => {
    expect(
      stageOf(
        asked,
        Array.from({ length: n }, (_, rank) => suggestion(rank)),
      ),
    ).toBe(stage);
  });

  test("how far it is reads as words and a share", () => {
    expect(howFar(selection("queued"))).toEqual({ words: "Waiting for a worker" });
    expect(howFar(selection("running", { stage: "doubting", done: 3, of: 12 }))).toEqual({
      words: "Doubting the drafts: 3 of 12",
      share: 0.25,
    });
    expect(howFar(selection("running", { stage: "something new" })).share).toBeUndefined();
    expect(howFar(selection("running", { done: 0, of: 0 })).share).toBeUndefined();
  });
});

describe("the box on the thumbnail", () => {
  test("a box that can be seen is drawn where it is", () => {
    expect(visibleBox([100, 200, 300, 500], 1000, 500)).toEqual({
      x: 200,
      y: 100,
      width: 300,
      height: 200,
    });
  });

  test("a tiny box on a huge image is drawn larger, around its middle, inside the image", () => {
    for (const box of [
      [0, 0, 256, 256],
      [10_000, 10_000, 10_256, 10_256],
      [19_744, 19_744, 20_000, 20_000],
    ] as const) {
      const drawn = visibleBox(box, 20_000, 20_000);
      expect(drawn.width).toBeGreaterThanOrEqual(1000);
      expect(drawn.x).toBeGreaterThanOrEqual(0);
      expect(drawn.x + drawn.width).toBeLessThanOrEqual(20_000);
      expect(drawn.y).toBeLessThanOrEqual(box[0]);
      expect(drawn.y + drawn.height).toBeGreaterThanOrEqual(box[2]);
    }
  });
});

describe("what a person makes of it", () => {
  let answer: Suggestions;
  beforeEach(() => {
    answer = { selection: selection("finished"), suggestions: [suggestion(2), suggestion(1)] };
    vi.spyOn(api, "suggestions").mockImplementation(async () => answer);
  });
  afterEach(() => vi.restoreAllMocks());

  async function loaded(): Promise<NextRegions> {
    const next = new NextRegions("p");
    await next.load();
    return next;
  }

  test("painting takes the suggestion and leads to its region in the editor", async () => {
    const next = await loaded();
    const taken = suggestion(1, { state: "taken", region: "r9" });
    vi.spyOn(api, "takeSuggestion").mockResolvedValue(taken);

    expect(await next.take(suggestion(1))).toBe("/images/i1/?region=r9");
    expect(next.busy.value).toBe("");
  });

  test("one that somebody else took says so and leads nowhere", async () => {
    const next = await loaded();
    vi.spyOn(api, "takeSuggestion").mockRejectedValue(new Error("Somebody else has it."));

    expect(await next.take(suggestion(1))).toBe("");
    expect(next.problem.value).toBe("Somebody else has it.");
  });

  test("a skipped one is gone at once, and back when the server refuses", async () => {
    const next = await loaded();
    const dismiss = vi.spyOn(api, "dismissSuggestion").mockResolvedValue(suggestion(1));
    const skipping = next.dismiss(suggestion(1));
    expect(next.suggestions.value.map((one) => one.id)).toEqual(["s2"]);
    await skipping;

    dismiss.mockRejectedValue(new Error("It was opened."));
    await next.dismiss(suggestion(2));
    expect(next.suggestions.value.map((one) => one.id)).toEqual(["s2"]);
    expect(next.problem.value).toBe("It was opened.");
  });

  test("asking again shows the choosing while the old suggestions stay", async () => {
    const next = await loaded();
    vi.spyOn(api, "suggest").mockResolvedValue(selection("queued"));

    await next.suggest();

    expect(next.stage.value).toBe("choosing");
    expect(next.suggestions.value).toHaveLength(2);
  });

  test("an answer to an older question is dropped", async () => {
    const next = new NextRegions("p");
    let late: (value: Suggestions) => void = () => undefined;
    vi.spyOn(api, "suggestions").mockReturnValueOnce(
      new Promise((resolve) => {
        late = resolve;
      }),
    );
    const first = next.load();
    await next.load();
    late({ selection: null, suggestions: [] });
    await first;

    expect(next.stage.value).toBe("chosen");
  });

  test("before anything is known nothing is claimed", () => {
    expect(new NextRegions("p").stage.value).toBe("unknown");
  });
});
