/** Undo steps for what the server did in several planes at once: a step in each, undone together. */

import { fromBase64 } from "../api/layers";
import type { OpJson, OpMeta } from "../api/types";
import { decodeEdit } from "../labels/codec";
import { gunzip } from "../labels/gzip";
import type { PlaneRef } from "../labels/spans";
import type { AnnotationPlane } from "./annotation_plane";
import { placeOf } from "./history";
import type { Journal } from "./journal";
import { ownOp } from "./replica";

export interface StepPlaces {
  readonly user: string;
  readonly layerId: string;
  readonly journal: Journal;
  /** The store of a plane, if it is open. */
  storeOf(plane: PlaneRef): AnnotationPlane | undefined;
}

/** Put an accept by the server on the undo stacks of its planes, also of those that are closed. */
export async function rememberAccept(
  ops: readonly OpJson[],
  accepts: OpMeta["accepts"],
  places: StepPlaces,
): Promise<void> {
  const planes = [...new Set(ops.map((op) => op.z))];
  for (const { session, n, kind, t, z, meta: sent, body: text } of ops) {
    const meta: OpMeta = { planes, ...(sent.group && { group: sent.group }) };
    if (accepts) meta.accepts = accepts;
    const body = fromBase64(text);
    const store = places.storeOf({ t, z });
    if (store) {
      const edit = decodeEdit(await gunzip(body));
      const op = ownOp(session, n, kind, edit);
      op.effective = new Map(edit);
      store.recorder.history.record(op, meta, Promise.resolve(body));
    } else {
      const place = placeOf(places.user, places.layerId, { t, z });
      const row = { place, position: Date.now(), stack: "undo" as const, session, n, kind, meta };
      await places.journal.putStep({ ...row, body }).catch(() => undefined);
    }
  }
}
