/** Pausing, continuing and cancelling a run; and what its page says while it stands still. */

import { useSignal } from "@preact/signals";
import type { Run } from "../../../api/page_types";
import type { RunOrder } from "../../../api/pages";
import * as texts from "../../../texts/pages";
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
    if (window.confirm(texts.run.standstill.stopQuestion)) void tell("cancel");
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
          {texts.run.standstill.goOn}
        </button>
      ) : (
        <button
          class="button"
          type="button"
          disabled={isDone || run.pause_requested}
          title={texts.run.standstill.pauseHelp}
          onClick={() => void tell("pause")}
        >
          {run.pause_requested ? texts.run.standstill.pausing : texts.run.standstill.pause}
        </button>
      )}
      <button class="button danger" type="button" disabled={isDone} onClick={cancel}>
        {run.cancel_requested ? texts.run.standstill.stopping : texts.run.standstill.cancel}
      </button>
    </div>
  );
}

export function Standstill({ run }: { run: Run }) {
  const { step, n_steps: of } = run.progress;
  return (
    <section class="panel run-progress" aria-label={texts.run.progress}>
      <div class="row">
        <strong class="grow" role="status">
          {texts.run.standstill.paused(whereItStands(run.progress))}
        </strong>
        {run.paused_at && (
          <span class="muted">
            {texts.run.standstill.since} <Time at={run.paused_at} />
          </span>
        )}
      </div>
      {step && of ? (
        <progress max={of} value={step} aria-label={texts.run.standstill.stepsDone} />
      ) : null}
      <p class="hint">{texts.run.standstill.help}</p>
    </section>
  );
}
