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

  test("shows that it stands still, and asks the server to go on", async () => {
    answers(row({}), row({ state: "paused", progress: { step: 30, n_steps: 100 } }));
    const tell = vi.spyOn(api, "tellRun").mockResolvedValue(row({}));
    const state = new RunPageState("r");
    await state.load();
    expect([state.isOpen.value, state.isPaused.value]).toEqual([true, false]);

    await state.tell("pause");
    expect([state.isOpen.value, state.isPaused.value]).toEqual([false, true]);

    answers(row({ state: "queued" }));
    await state.tell("resume");
    expect([state.isOpen.value, state.isPaused.value]).toEqual([true, false]);
    expect(tell.mock.calls).toEqual([
      ["r", "pause"],
      ["r", "resume"],
    ]);
  });

  test("hears of a wish to pause at once and reads the run when it stands", async () => {
    answers(row({}), row({ state: "paused", paused_at: "2026-01-01T00:00:00Z" }));
    const state = new RunPageState("r");
    await state.load();

    state.hear("state", { state: "running", pause_requested: true });
    expect(state.run.value?.pause_requested).toBe(true);
    state.hear("state", { state: "paused", pause_requested: false });

    await vi.waitFor(() => expect(state.run.value?.paused_at).toBeTruthy());
  });

  test("says why an order was refused and reads nothing", async () => {
    answers(row({}));
    vi.spyOn(api, "tellRun").mockRejectedValue(new Error("no"));
    const state = new RunPageState("r");
    await state.load();

    await state.tell("pause");

    expect(state.problem.value).not.toBe("");
    expect(api.run).toHaveBeenCalledTimes(1);
  });
});
