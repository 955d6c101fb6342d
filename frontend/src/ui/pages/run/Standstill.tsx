/** Pausing, continuing and cancelling a run; and what its page says while it stands still. */

import { useSignal } from "@preact/signals";
import type { Run } from "../../../api/page_types";
import type { RunOrder } from "../../../api/pages";
import { whereItStands } from "../parts/standing";
import { Time } from "../parts/Time";
import type { RunPageState } from "./state";

export function Orders({ state, run }: { state: RunPageState; run: Run }) {
  const busy = useSignal(false);
  const tell = async (what: RunOrder) => {
    busy.value = true;
    await state.tell(what);
    busy.value = false;
  };
  const cancel = () => {
    if (window.confirm("Stop this run? What it has learned so far is not kept as a version."))
      void tell("cancel");
  };
  const isDone = busy.value || run.cancel_requested;
  return (
    <div class="row">
      {state.isPaused.value ? (
        <button
          class="button primary"
          type="button"
          disabled={isDone}
          onClick={() => void tell("resume")}
        >
          Continue
        </button>
      ) : (
        <button
          class="button"
          type="button"
          disabled={isDone || run.pause_requested}
          title="It keeps what it has learned and goes on from there whenever you want"
          onClick={() => void tell("pause")}
        >
          {run.pause_requested ? "Pausing…" : "Pause"}
        </button>
      )}
      <button class="button danger" type="button" disabled={isDone} onClick={cancel}>
        {run.cancel_requested ? "Stopping…" : "Cancel this run"}
      </button>
    </div>
  );
}

export function Standstill({ run }: { run: Run }) {
  const { step, n_steps: of } = run.progress;
  return (
    <section class="panel run-progress" aria-label="Progress">
      <div class="row">
        <strong class="grow" role="status">
          Paused {whereItStands(run.progress)}
        </strong>
        {run.paused_at && (
          <span class="muted">
            since <Time at={run.paused_at} />
          </span>
        )}
      </div>
      {step && of ? <progress max={of} value={step} aria-label="Steps done" /> : null}
      <p class="hint">
        It goes on from there, with the same curve, once somebody continues it and a worker is free.
        Until then the worker does other things; the time it stands does not count.
      </p>
    </section>
  );
}
