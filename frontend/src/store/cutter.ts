/** An op that is too large to be sent becomes two, by chunks; both are one step of undo. */

import { decodeEdit, encodeEdit, splitEdit } from "../labels/codec";
import { gunzip, gzip } from "../labels/gzip";
import type { Cut } from "./history";
import type { OpRow } from "./journal";
import { metaOfPart } from "./op_parts";
import { ownOp } from "./replica";
import { newId } from "./sessions";

export interface CutRow {
  readonly row: OpRow;
  readonly cut: Cut;
}

/**
 * The two halves of an op under new names, sent by `session`; null when it lies in one chunk.
 *
 * @param nextN names them
 */
export async function cutInTwo(
  row: OpRow,
  session: string,
  nextN: () => number,
): Promise<CutRow[] | null> {
  const edit = decodeEdit(await gunzip(row.body));
  if (edit.size < 2) return null;
  const parts = splitEdit(edit, Math.ceil(edit.size / 2));
  const bodies = await Promise.all(parts.map((part) => gzip(encodeEdit(part))));
  const group = row.meta.group ?? newId();
  // What a page that is gone left comes before all that this one made.
  const inPlaceOf = row.session === session ? (row.inPlaceOf ?? row.n) : 0;
  return parts.map((part, i) => {
    const meta = { ...metaOfPart(row.meta, parts, i), group };
    const [n, body] = [nextN(), bodies[i] as Uint8Array];
    const op = ownOp(session, n, row.kind, part, meta.classes);
    return { row: { ...row, session, n, meta, body, inPlaceOf }, cut: { op, group, body } };
  });
}
