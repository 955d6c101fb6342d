/** Which of the recipes that were tried is trained on with. */

import type { Trial } from "../../../api/page_types";

/** The trial with the lowest loss, the first of equals; none without any loss. */
export function bestOf(trials: readonly Trial[]): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) {
    if (trial.validation_loss === null) continue;
    if (best === undefined || trial.validation_loss < (best.validation_loss ?? Infinity)) {
      best = trial;
    }
  }
  return best;
}

/** Whether all were tried that there were: a run tells of each before it is tried. */
export function isChosen(
  trials: readonly Trial[],
  trying: string | undefined,
  isTrying: boolean,
): boolean {
  return !isTrying && (trying === undefined || trials.some(({ name }) => name === trying));
}

/** The trials in a version's config, which may be of any age and origin. */
export function trialsIn(config: Readonly<Record<string, unknown>> | undefined): readonly Trial[] {
  const found = config?.["trials"];
  return Array.isArray(found) ? (found as Trial[]) : [];
}
