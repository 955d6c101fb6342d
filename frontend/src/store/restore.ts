/** Writing old pixels again: one object as it was, or everything in a box. */

import type { OpMeta } from "../api/types";
import { EMPTY_RECT, grow, isEmpty, type Rect, union } from "../geometry/rect";
import type { ChunkMap } from "../labels/chunks";
import type { InstanceTable } from "../labels/instances";
import { type Edit, pixelsIn } from "../labels/runs";
import * as texts from "../texts";
import { grouped } from "./classes";
import { EditRefused } from "./edit_refused";
import { collect } from "./edits";
import type { PastPlane } from "./past_plane";

/** One object, or all that a box held. */
export type ToRestore = { readonly id: number } | { readonly box: Rect };

export interface RestorePlan {
  readonly edit: Edit;
  readonly meta: OpMeta;
  readonly nPixels: number;
  /** Objects that lose pixels to what was, with how many, most first. */
  readonly taken: readonly { readonly id: number; readonly nPixels: number }[];
  /** Objects that are gone and come back. */
  readonly back: readonly number[];
}

/** What is needed of the layer as it is. */
export interface Present {
  readonly chunks: ChunkMap;
  readonly table: InstanceTable;
  ensure(box: Rect): Promise<void>;
}

/** @throws EditRefused when nothing would change */
export async function planRestore(
  past: PastPlane,
  present: Present,
  what: ToRestore,
): Promise<RestorePlan> {
  const own = "id" in what ? what.id : 0;
  const box = "id" in what ? await wholeBox(past, present, what.id) : what.box;
  await Promise.all([present.ensure(box), past.ensure(box)]);
  const edit =
    own > 0
      ? objectEdit(past.chunks, present.chunks, box, own)
      : boxEdit(past.chunks, present.chunks, box);
  const classes = classMeta(past, present.table, edit, own);
  if (edit.size === 0 && !classes) {
    throw new EditRefused("same", texts.editing.nothingToRestore(own));
  }
  const counts = countsOf(edit);
  const taken = [...counts.lost]
    .filter(([id]) => id !== own)
    .map(([id, nPixels]) => ({ id, nPixels }))
    .sort((a, b) => b.nPixels - a.nPixels || a.id - b.id);
  const back = [...counts.gained.keys()].filter((id) => present.table.areaOf(id) === 0);
  return { edit, meta: classes ?? {}, nPixels: pixelsIn(edit), taken, back };
}

/**
 * The box of an object then and now. What is known of then grows with what is loaded; parts that
 * lie whole chunks away from the rest are found when they were in view.
 */
async function wholeBox(past: PastPlane, present: Present, id: number): Promise<Rect> {
  const box = () => union(boxIn(past.table, id), boxIn(present.table, id));
  for (let known = EMPTY_RECT, next = box(); ; known = next, next = box()) {
    if (isEmpty(next) || isSame(known, next)) return next;
    await past.ensure(grow(next, 1));
  }
}

function boxIn(table: InstanceTable, id: number): Rect {
  const row = table.get(id);
  return row && row.areaPx > 0 ? row.box : EMPTY_RECT;
}

function isSame(a: Rect, b: Rect): boolean {
  return a.x0 === b.x0 && a.y0 === b.y0 && a.x1 === b.x1 && a.y1 === b.y1;
}

/** The object gets the pixels it had and loses those it had not; all others stay as they are. */
function objectEdit(past: ChunkMap, present: ChunkMap, box: Rect, id: number): Edit {
  return collect(box, (key, i) => {
    const was = past.get(key)?.[i];
    const is = present.get(key)?.[i];
    if (was === undefined || is === undefined) return null;
    if (was === id) return [is, id];
    return is === id ? [id, 0] : null;
  });
}

/** Every pixel of the box becomes what it was. */
function boxEdit(past: ChunkMap, present: ChunkMap, box: Rect): Edit {
  return collect(box, (key, i) => {
    const was = past.get(key)?.[i];
    const is = present.get(key)?.[i];
    return was === undefined || is === undefined ? null : [is, was];
  });
}

function countsOf(edit: Edit): { lost: Map<number, number>; gained: Map<number, number> } {
  const lost = new Map<number, number>();
  const gained = new Map<number, number>();
  const count = (counts: Map<number, number>, id: number, n: number) => {
    if (id !== 0) counts.set(id, (counts.get(id) ?? 0) + n);
  };
  for (const runs of edit.values()) {
    for (let r = 0; r < runs.count; r++) {
      const n = runs.length[r] as number;
      count(lost, runs.before[r] as number, n);
      count(gained, runs.after[r] as number, n);
    }
  }
  return { lost, gained };
}

/** The class of then: of the one object that is restored, and of those that come back. */
function classMeta(
  past: PastPlane,
  table: InstanceTable,
  edit: Edit,
  own: number,
): Pick<OpMeta, "classes" | "classes_before"> | null {
  const ids = new Set([...countsOf(edit).gained.keys()].filter((id) => table.areaOf(id) === 0));
  if (own > 0) ids.add(own);
  const others = [...ids].filter((id) => past.table.classOf(id) !== table.classOf(id));
  if (others.length === 0) return null;
  return {
    classes: grouped(others.map((id) => [id, past.table.classOf(id)])),
    classes_before: grouped(others.map((id) => [id, table.classOf(id)])),
  };
}
