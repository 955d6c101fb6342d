/** Ops that are too large become several: what is said of which part. */

import type { ClassGroups, OpMeta } from "../api/types";
import { labelsIn } from "../labels/codec";
import type { Edit } from "../labels/runs";

/**
 * Of accepted draft objects and of classes a part says those that it has pixels of, whatever the
 * others say; classes of instances without pixels are the first one's.
 */
export function metaOfPart(meta: OpMeta, parts: readonly Edit[], at: number): OpMeta {
  const { accepts, classes, classes_before, ...same } = meta;
  const here = new Set(labelsIn(parts[at] as Edit));
  const elsewhere = at === 0 ? new Set(parts.slice(1).flatMap(labelsIn)) : null;
  const isOwn = (id: number) => here.has(id) || (elsewhere !== null && !elsewhere.has(id));
  return {
    ...same,
    ...(accepts && { accepts: accepts.filter((one) => here.has(one.new_id)) }),
    ...(classes && { classes: onlyOf(classes, isOwn) }),
    ...(classes_before && { classes_before: onlyOf(classes_before, isOwn) }),
  };
}

function onlyOf(classes: ClassGroups, isOwn: (id: number) => boolean): ClassGroups {
  const parts = Object.entries(classes).map(([name, ids]) => [name, ids.filter(isOwn)] as const);
  return Object.fromEntries(parts.filter(([, ids]) => ids.length > 0));
}
