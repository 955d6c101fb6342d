/** What fast drafts cost a version, as its measurement says. */

import type { Evaluation, Report, Version } from "../../../api/page_types";
import { score } from "../format";
import { ap50, newest } from "./scores";

/** One sentence; nothing where the fast way was not measured. */
export function fastInWords(report: Report): string | undefined {
  if (!report.fast) return undefined;
  const exact = score(ap50(report.pooled));
  const fast = score(ap50(report.fast.pooled));
  return `Fast drafts: AP50 ${fast} instead of ${exact}; ${sameInWords(report.fast.agreement?.share)}.`;
}

/** Rounded down: only all are 100 %. */
function sameInWords(share: number | null | undefined): string {
  if (share === null || share === undefined) return "there was no object to compare";
  return `${Math.floor(share * 100 + 1e-9)} % of the objects the same`;
}

/** Whether a measurement should say what fast drafts cost, and does not. */
export function lacksFast(evaluation: Evaluation, isFast: boolean): boolean {
  return isFast && evaluation.split === "validation" && evaluation.metrics.fast === undefined;
}

export interface MeasuredVersion {
  readonly version: Version;
  readonly evaluation: Evaluation;
}

/** The newest version that was measured on blind validation, with that measurement. */
export function newestMeasured(versions: readonly Version[]): MeasuredVersion | undefined {
  const measured = versions.flatMap((version): MeasuredVersion[] => {
    const evaluation = newest(version.evaluations);
    return evaluation?.split === "validation" ? [{ version, evaluation }] : [];
  });
  return measured.sort((a, b) => b.version.number - a.version.number)[0];
}
