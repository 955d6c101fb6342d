import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../src/api/client";
import type { RunState } from "../../src/api/page_types";
import { api } from "../../src/api/pages";
import type { ModelUpload, Starter } from "../../src/api/starter_types";
import { originInWords } from "../../src/ui/pages/parts/scores";
import { linkOf } from "../../src/ui/pages/parts/sources";
import { StartersState, standingOf } from "../../src/ui/pages/training/starter_state";

const NUCLEI = { name: "nuclei", title: "Nuclei", engine: "stardist" } as Starter;

function upload(state: RunState, change: Partial<ModelUpload> = {}): ModelUpload {
  return {
    id: state,
    engine: "stardist",
    starter: "nuclei",
    state,
    version: state === "finished" ? "v1" : null,
    error_message: "",
    ...change,
  };
}

let state: StartersState;

beforeEach(() => {
  state = new StartersState("project");
  vi.spyOn(api, "starters").mockResolvedValue([NUCLEI]);
  vi.spyOn(api, "startersOf").mockResolvedValue([]);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("how a starter model stands", () => {
  test.each<[RunState, string]>([
    ["queued", "coming"],
    ["running", "coming"],
    ["finished", "here"],
    ["failed", "failed"],
    ["errored", "failed"],
    ["lost", "failed"],
  ])("an adoption that is %s is %s", (of, stands) => {
    expect(standingOf(upload(of))).toBe(stands);
  });

  test("one that nobody added is offered", async () => {
    await state.load();
    expect(state.offered.value).toEqual([NUCLEI]);
    expect(standingOf(state.uploadOf("nuclei"))).toBe("offered");
  });
});

describe("adding one", () => {
  test("shows that it comes, in the place of an earlier try", async () => {
    vi.spyOn(api, "startersOf").mockResolvedValue([upload("failed")]);
    const add = vi.spyOn(api, "addStarter").mockResolvedValue(upload("queued"));
    await state.load();

    await state.add("nuclei", [2]);

    expect(add).toHaveBeenCalledWith("project", "nuclei", [2]);
    expect(state.added.value.map((one) => one.state)).toEqual(["queued"]);
    expect(state.busy.value).toBe("");
  });

  test("a refusal is told at its card and gone after the next try", async () => {
    const sentence = "Nuclei looks at 3 channels.";
    const add = vi.spyOn(api, "addStarter");
    add.mockRejectedValueOnce(new ApiError(400, { code: "bad_channels", message: sentence }));
    add.mockResolvedValueOnce(upload("queued"));
    await state.load();

    await state.add("nuclei", []);
    expect(state.problems.value["nuclei"]).toBe(sentence);
    expect(standingOf(state.uploadOf("nuclei"))).toBe("offered");
    await state.add("nuclei", []);
    expect(state.problems.value["nuclei"]).toBe("");
  });

  test("what comes along is asked for once, what the project has each time", async () => {
    await state.load();
    vi.spyOn(api, "startersOf").mockResolvedValue([upload("finished")]);
    await state.load();

    expect(api.starters).toHaveBeenCalledTimes(1);
    expect(standingOf(state.uploadOf("nuclei"))).toBe("here");
  });
});

describe("whose data it was", () => {
  test.each([
    ["github.com/owner/data-set", "https://github.com/owner/data-set"],
    ["https://bbbc.broadinstitute.org/BBBC038", "https://bbbc.broadinstitute.org/BBBC038"],
    ["doi:10.1038/s41592-019-0612-7", "https://doi.org/10.1038/s41592-019-0612-7"],
    ["javascript:alert(1)//x.y/", null],
    ["Caicedo et al., 2019", null],
  ])("%j leads to %j", (source, link) => {
    expect(linkOf(source)).toBe(link);
  });

  test("a version says which starter model it is", () => {
    expect(originInWords("starter:nuclei-fluorescence")).toBe("starter model nuclei-fluorescence");
  });
});
