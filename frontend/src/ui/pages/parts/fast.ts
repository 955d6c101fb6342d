/** What fast drafts cost a version, as its measurement says. */

import type { Evaluation, Version } from "../../../api/page_types";
import type { Report } from "../../../api/report_types";
import * as texts from "../../../texts/pages";
import { score } from "../format";
import { ap50, newest } from "./scores";

/** One sentence; nothing where the fast way was not measured. */
export function fastInWords(report: Report): string | undefined {
  if (!report.fast) return undefined;
  const exact = score(ap50(report.pooled));
  const fast = score(ap50(report.fast.pooled));
  return texts.common.fast.cost(fast, exact, sameInWords(report.fast.agreement?.share));
}

/** Rounded down: only all are 100 %. */
function sameInWords(share: number | null | undefined): string {
  if (share === null || share === undefined) return texts.common.fast.nothingToCompare;
  return texts.common.fast.shareSame(Math.floor(share * 100 + 1e-9));
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
