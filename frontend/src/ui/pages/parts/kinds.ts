/** Reading what a measurement says about kinds of objects. */

import type { KindsReport } from "../../../api/report_types";
import * as texts from "../../../texts/pages";

/** What found objects of a class were taken for instead, the most frequent first. */
export function confused(kinds: KindsReport, row: number): string {
  const names = [...kinds.names, texts.common.noClass];
  return (kinds.confusion[row] ?? [])
    .map((n, column) => ({ n, column }))
    .filter(({ n, column }) => n > 0 && column !== row)
    .sort((a, b) => b.n - a.n || a.column - b.column)
    .map(({ n, column }) => `${names[column] ?? "?"} (${n})`)
    .join(", ");
}
