/** How coverage and purpose of a region are told to people. */

import * as texts from "../../texts";
import type { Coverage, Purpose } from "./model";

export const COVERAGES: readonly { value: Coverage; label: string; help: string }[] = [
  {
    value: "complete",
    label: texts.regions.coverages.complete.label,
    help: texts.regions.coverages.complete.help,
  },
  {
    value: "positives_only",
    label: texts.regions.coverages.positivesOnly.label,
    help: texts.regions.coverages.positivesOnly.help,
  },
  {
    value: "ignore",
    label: texts.regions.coverages.ignore.label,
    help: texts.regions.coverages.ignore.help,
  },
];

export const PURPOSES: readonly { value: Purpose; label: string; help: string }[] = [
  {
    value: "training",
    label: texts.regions.purposes.training.label,
    help: texts.regions.purposes.training.help,
  },
  {
    value: "blind_validation",
    label: texts.regions.purposes.blind.label,
    help: texts.regions.purposes.blind.help,
  },
];

/** The name of a coverage as people read it. */
export function coverageLabel(coverage: Coverage): string {
  return COVERAGES.find((one) => one.value === coverage)?.label ?? coverage;
}
