/** Where a run stands and how long it trained, in words and numbers for lists and its page. */

import type { Progress, Run } from "../../../api/page_types";

/** "at step 30 of 100"; by epochs where the engine tells no steps. */
export function whereItStands({ step, n_steps: ofSteps, epoch, of }: Progress): string {
  if (step && ofSteps) return `at step ${step} of ${ofSteps}`;
  if (epoch && of) return `after epoch ${epoch} of ${of}`;
  return "before its first step";
}

/** Seconds from a run's beginning to its end, without those in which it stood paused. */
export function secondsTrained(run: Run): number | null {
  if (!run.started_at || !run.finished_at) return null;
  const whole = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return Math.max(0, whole - (run.paused_s ?? 0));
}
