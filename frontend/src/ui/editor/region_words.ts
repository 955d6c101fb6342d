/** How coverage and purpose of a region are told to people. */
import type { Coverage, Purpose } from "./model";

export const COVERAGES: readonly { value: Coverage; label: string; help: string }[] = [
  {
    value: "complete",
    label: "Complete",
    help: "Every object inside is annotated. All pixels teach, background too.",
  },
  {
    value: "positives_only",
    label: "Positives only",
    help: "What is annotated is right, but objects are missing. Only annotated pixels teach.",
  },
  { value: "ignore", label: "Ignore", help: "Artefacts or unclear parts. Nothing here teaches." },
];

export const PURPOSES: readonly { value: Purpose; label: string; help: string }[] = [
  { value: "training", label: "Training", help: "The next model learns from it." },
  {
    value: "blind_validation",
    label: "Blind validation",
    help: "Drawn without seeing a draft and never trained on: it measures how good models are. Drafts stay hidden until it is submitted.",
  },
];

/** The name of a coverage as people read it. */
export function coverageLabel(coverage: Coverage): string {
  return COVERAGES.find((one) => one.value === coverage)?.label ?? coverage;
}
