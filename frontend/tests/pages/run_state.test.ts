import { afterEach, describe, expect, test, vi } from "vitest";
import type { Run } from "../../src/api/page_types";
import { api } from "../../src/api/pages";
import { RunPageState } from "../../src/ui/pages/run/state";

const epoch = (number: number, loss = 1) => ({
  epoch: number,
  n_epochs: 9,
  train_loss: loss,
  validation_loss: null,
  learning_rate: 0.1,
  duration_s: 1,
});

const row = (fields: object) =>
  ({ id: "r", state: "running", epochs: [], log: "", progress: {}, ...fields }) as unknown as Run;

const answers = (...rows: Run[]) => {
  const spy = vi.spyOn(api, "run");
  for (const one of rows) spy.mockResolvedValueOnce(one);
};

describe("the page of a run", () => {
  afterEach(() => vi.restoreAllMocks());

  test("keeps what it heard before the run was read", async () => {
    answers(row({ epochs: [epoch(1)] }));
    const state = new RunPageState("r");

    state.hear("epoch", epoch(2));
    state.hear("log", { text: "all so far\n", all: true });
    await state.load();

    expect(state.epochs.value.map((one) => one.epoch)).toEqual([1, 2]);
    expect(state.log.value).toBe("all so far\n");
  });

  test("loses no epoch and no line when it reads the run again", async () => {
    answers(row({ log: "a\n" }), row({ epochs: [epoch(1, 7)], log: "a\n" }));
    const state = new RunPageState("r");
    await state.load();
    state.hear("epoch", epoch(1, 7));
    state.hear("epoch", epoch(2));
    state.hear("log", { text: "b\n" });

    await state.load(); // the row is some seconds behind

    expect(state.epochs.value.map((one) => one.epoch)).toEqual([1, 2]);
    expect(state.log.value).toBe("a\nb\n");
  });

  test("shows the stored log once the run has ended", async () => {
    answers(row({ log: "a\n" }), row({ state: "finished", log: "a\nb\n" }));
    const state = new RunPageState("r");
    await state.load();
    state.hear("log", { text: "b\nb\nb\n" });

    await state.load();

    expect(state.log.value).toBe("a\nb\n");
  });
});
