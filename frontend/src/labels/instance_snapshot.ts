/** All instances of a table at one moment, as typed columns: to sort, filter and draw very many. */

import type { Rect } from "../geometry/rect";
import { rect } from "../geometry/rect";
import type { Span } from "./spans";

/** Rows ascend by id; every instance has at least one pixel. */
export interface InstanceSnapshot {
  readonly version: number;
  readonly count: number;
  readonly id: Uint32Array;
  readonly areaPx: Int32Array;
  /** x0, y0, x1, y1 of each row. */
  readonly box: Int32Array;
  /** t, z and depth of each row. */
  readonly span: Int32Array;
  /** Places in `STATES`. */
  readonly state: Uint8Array;
  /** NaN where there is none, as in `doubt`. */
  readonly score: Float32Array;
  readonly doubt: Float32Array;
  /** Places in `classNames`, whose first is "" for unknown. */
  readonly classCode: Uint16Array;
  readonly classNames: readonly string[];
}

/** What a table keeps, by slot. */
export interface SlotColumns {
  readonly version: number;
  readonly used: number;
  readonly idOf: Uint32Array;
  readonly area: Int32Array;
  readonly boxes: Int32Array;
  readonly spanOf: (slot: number) => Span;
  readonly state: Uint8Array;
  readonly score: Float32Array;
  readonly doubt: Float32Array;
  readonly classCodeOf: (slot: number) => number;
  readonly classNames: readonly string[];
}

export function snapshotOf(columns: SlotColumns): InstanceSnapshot {
  const slots = livingSlots(columns);
  const n = slots.length;
  const box = new Int32Array(4 * n);
  const span = new Int32Array(3 * n);
  for (let row = 0; row < n; row++) {
    const slot = slots[row] as number;
    box.set(columns.boxes.subarray(4 * slot, 4 * slot + 4), 4 * row);
    const { t, z, depth } = columns.spanOf(slot);
    span[3 * row] = t;
    span[3 * row + 1] = z;
    span[3 * row + 2] = depth;
  }
  return {
    version: columns.version,
    count: n,
    id: slots.map((slot) => columns.idOf[slot] as number),
    areaPx: Int32Array.from(slots, (slot) => columns.area[slot] as number),
    box,
    span,
    state: Uint8Array.from(slots, (slot) => columns.state[slot] as number),
    score: Float32Array.from(slots, (slot) => columns.score[slot] as number),
    doubt: Float32Array.from(slots, (slot) => columns.doubt[slot] as number),
    classCode: Uint16Array.from(slots, columns.classCodeOf),
    classNames: [...columns.classNames],
  };
}

function livingSlots({ used, area, idOf }: SlotColumns): Uint32Array {
  const slots = new Uint32Array(used);
  let n = 0;
  let isAscending = true;
  for (let slot = 0; slot < used; slot++) {
    if ((area[slot] as number) <= 0) continue;
    const before = idOf[slots[n - 1] as number] as number;
    if (n > 0 && before > (idOf[slot] as number)) isAscending = false;
    slots[n++] = slot;
  }
  const living = slots.subarray(0, n);
  return isAscending ? living : living.sort((a, b) => (idOf[a] as number) - (idOf[b] as number));
}

export function boxAt({ box }: InstanceSnapshot, row: number): Rect {
  const at = 4 * row;
  return rect(
    box[at] as number,
    box[at + 1] as number,
    box[at + 2] as number,
    box[at + 3] as number,
  );
}

export function spanAt({ span }: InstanceSnapshot, row: number): Span {
  const at = 3 * row;
  return { t: span[at] as number, z: span[at + 1] as number, depth: span[at + 2] as number };
}

/** The row of an id, by bisection; -1 when it is not there. */
export function rowOf({ id, count }: InstanceSnapshot, wanted: number): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = id[middle] as number;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
