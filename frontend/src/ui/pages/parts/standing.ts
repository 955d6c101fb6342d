/** Where a run stands and how long it trained, in words and numbers for lists and its page. */

import type { Progress, Run } from "../../../api/page_types";
import * as texts from "../../../texts/pages";

/** "at step 30 of 100"; by epochs where the engine tells no steps. */
export function whereItStands({ step, n_steps: ofSteps, epoch, of }: Progress): string {
  if (step && ofSteps) return texts.run.standing.atStep(step, ofSteps);
  if (epoch && of) return texts.run.standing.afterEpoch(epoch, of);
  return texts.run.standing.beforeFirstStep;
}

/** Seconds from a run's beginning to its end, without those in which it stood paused. */
export function secondsTrained(run: Run): number | null {
  if (!run.started_at || !run.finished_at) return null;
  const whole = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return Math.max(0, whole - (run.paused_s ?? 0));
}
