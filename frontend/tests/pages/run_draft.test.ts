import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "../../src/api/client";
import type { Engine, EngineParam, Fix, Version } from "../../src/api/page_types";
import { api } from "../../src/api/pages";
import { changesForm, placeOf } from "../../src/ui/pages/training/PreflightList";
import { RunDraft } from "../../src/ui/pages/training/run_draft";
import { TrainingState } from "../../src/ui/pages/training/state";

const GRID = { name: "grid", title: "Grid", type: "int", default: 0, low: 0, high: 8 };
const FIX: Fix = {
  button: "Mend it",
  image: null,
  region: null,
  params: {},
  channels: null,
  start: "",
};

function engine(name: string): Engine {
  const params = [GRID as unknown as EngineParam];
  return { name, params, pretrained: ["cyto3"], from_scratch: true } as unknown as Engine;
}

let state: TrainingState;
const draft = (query = "") => new RunDraft(state, new URLSearchParams(query));

beforeEach(() => {
  state = new TrainingState("project");
  state.engines.value = [engine("stardist"), engine("cellpose")];
  state.versions.value = [{ id: "v2", engine: "stardist" } as Version];
});

describe("what the form asks for", () => {
  test("the first engine, from its newest version, unless the address says otherwise", () => {
    expect(draft().read().plan).toMatchObject({ engine: "stardist", start: "version:v2" });
    const asked = draft("engine=cellpose&start=version:x").read();
    expect(asked.plan).toMatchObject({ engine: "cellpose", start: "version:x" });
  });

  test("another engine starts from scratch when it has no version, and forgets what was typed", () => {
    const form = draft();
    form.type("grid", "4");
    form.chooseEngine("cellpose");
    expect(form.read().plan).toMatchObject({ start: "scratch", params: {} });
  });

  test("an engine that cannot begin from scratch starts from its first official model", () => {
    state.engines.value = [{ ...engine("cellpose_sam"), from_scratch: false }];
    state.versions.value = [];
    expect(draft().read().plan).toMatchObject({ start: "pretrained:cyto3" });
  });

  test.each([
    ["0", "above 0"],
    ["soon", "above 0"],
  ])("minutes like %j are none", (typed, why) => {
    const form = draft();
    form.minutes.value = typed;
    const reading = form.read();
    expect(reading.plan).toBeNull();
    expect(reading.why).toContain(why);
  });

  test("a parameter that cannot be used is told by its name", () => {
    const form = draft();
    form.type("grid", "99");
    expect(form.read()).toMatchObject({ plan: null, problems: { grid: expect.any(String) } });
  });
});

describe("findings", () => {
  test("are asked for by the plan and shown as they come", async () => {
    const answer = { findings: [], estimate: "About a minute." };
    const asked = vi.spyOn(api, "checkRun").mockResolvedValue(answer);
    const form = draft();
    const { plan } = form.read();
    if (plan) await form.check(plan);
    expect(asked).toHaveBeenCalledWith("project", plan);
    expect(form.preflight.value).toEqual(answer);
  });

  test("a refusal is a problem with the server's sentence, a broken line says nothing", async () => {
    const form = draft();
    const { plan } = form.read();
    if (!plan) throw new Error("there is a plan");
    const refusal = new ApiError(400, { code: "bad_channels", message: "Name each once." });
    vi.spyOn(api, "checkRun").mockRejectedValueOnce(refusal);
    await form.check(plan);
    expect(form.preflight.value?.findings).toMatchObject([
      { tone: "problem", sentence: "Name each once." },
    ]);
    vi.spyOn(api, "checkRun").mockRejectedValueOnce(new NetworkError());
    await form.check(plan);
    expect(form.preflight.value).toBeNull();
  });

  test("their buttons change the form so that the plan has what they propose", () => {
    const form = draft();
    form.mend({ ...FIX, params: { grid: 4 } });
    form.mend({ ...FIX, channels: [2, 0] });
    form.mend({ ...FIX, start: "scratch" });
    expect(form.read().plan).toMatchObject({
      params: { grid: 4 },
      channels: [0, 2],
      start: "scratch",
    });
  });

  test("or lead to the place", () => {
    expect([FIX, { ...FIX, params: { grid: 2 } }].map(changesForm)).toEqual([false, true]);
    expect(placeOf(FIX, "p")).toBe("/projects/p/");
    expect(placeOf({ ...FIX, image: "i" }, "p")).toBe("/images/i/");
    expect(placeOf({ ...FIX, image: "i", region: "r" }, "p")).toBe("/images/i/?region=r");
  });
});
