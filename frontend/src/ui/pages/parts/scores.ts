/** Reading evaluations: the numbers a person compares, and what may be compared at all. */

import type { Evaluation, Version } from "../../../api/page_types";
import type { Scores } from "../../../api/report_types";
import * as texts from "../../../texts/pages";

export type Averaging = "pooled" | "mean";

/** A score by IoU threshold; keys are "0.5" or "0.50". */
export function atIou(
  table: Readonly<Record<string, number>> | undefined,
  iou: number,
): number | undefined {
  for (const [key, value] of Object.entries(table ?? {})) {
    if (Math.abs(Number(key) - iou) < 1e-6) return value;
  }
  return undefined;
}

/** Points of a score over IoU, in order of IoU. */
export function curve(table: Readonly<Record<string, number>> | undefined): [number, number][] {
  return Object.entries(table ?? {})
    .map(([key, value]): [number, number] => [Number(key), value])
    .sort((a, b) => a[0] - b[0]);
}

/** The evaluation on the newest set: on blind validation, else on test. */
export function newest(evaluations: readonly Evaluation[]): Evaluation | undefined {
  const measured = evaluations.filter((one) => one.metrics.pooled !== undefined);
  const blind = measured.filter((one) => one.split === "validation");
  const from = blind.length > 0 ? blind : measured;
  return [...from].sort((a, b) => (b.training_set?.number ?? 0) - (a.training_set?.number ?? 0))[0];
}

export interface Compared {
  readonly mine: Evaluation;
  readonly theirs: Evaluation;
}

/** Two versions on the newest set that measured both; other numbers must not be subtracted. */
export function comparable(
  mine: readonly Evaluation[],
  theirs: readonly Evaluation[],
): Compared | undefined {
  const pairs = mine.flatMap((one) =>
    theirs
      .filter(
        (other) =>
          one.training_set?.id !== undefined &&
          other.training_set?.id === one.training_set.id &&
          other.split === one.split &&
          one.metrics.pooled !== undefined &&
          other.metrics.pooled !== undefined,
      )
      .map((other): Compared => ({ mine: one, theirs: other })),
  );
  const rank = (pair: Compared) =>
    (pair.mine.training_set?.number ?? 0) * 2 + (pair.mine.split === "validation" ? 1 : 0);
  return pairs.sort((a, b) => rank(b) - rank(a))[0];
}

export function ap50(scores: Scores | undefined): number | undefined {
  return atIou(scores?.ap, 0.5);
}

/** How much AP at IoU 0.5 rose from the parent, on the same regions. */
export function gain(version: Version, versions: readonly Version[]): number | undefined {
  const parent = versions.find((other) => other.id === version.parent?.id);
  if (!parent) return undefined;
  const pair = comparable(version.evaluations, parent.evaluations);
  const mine = ap50(pair?.mine.metrics.pooled);
  const theirs = ap50(pair?.theirs.metrics.pooled);
  return mine === undefined || theirs === undefined ? undefined : mine - theirs;
}

/** Where a version's first weights came from, in words. */
export function originInWords(origin: string): string {
  const [kind, name] = origin.split(/:(.*)/s);
  if (kind === "scratch") return texts.common.origins.scratch;
  if (kind === "pretrained") return texts.common.origins.official(name);
  if (kind === "upload") return texts.common.origins.upload;
  if (kind === "starter") return texts.common.origins.starter(name);
  if (kind === "version")
    return /^\d+$/.test(name ?? "")
      ? texts.common.origins.version(name)
      : texts.common.origins.earlier;
  return origin;
}
