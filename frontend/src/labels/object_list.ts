/** Which instances match a filter, and in which order they come: rows of a snapshot, no objects. */

import type { Rect } from "../geometry/rect";
import { type InstanceState, STATES } from "./instance_rows";
import type { InstanceSnapshot } from "./instance_snapshot";
import type { Span } from "./spans";

export const SORT_KEYS = ["id", "class", "area", "score", "doubt", "state"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Order {
  readonly by: SortKey;
  readonly isDescending: boolean;
}

/** Both ends belong to it; null is no limit. */
export interface Limits {
  readonly least: number | null;
  readonly most: number | null;
}

export const NO_LIMITS: Limits = { least: null, most: null };

export interface ObjectFilter {
  readonly areaPx: Limits;
  /** What has no score is outside of any limits. */
  readonly score: Limits;
  /** "" is unknown; null takes all. */
  readonly className: string | null;
  readonly state: InstanceState | null;
  /** Boxes that meet it on one of these planes. */
  readonly view: { readonly box: Rect; readonly planes: Span } | null;
}

export const EVERYTHING: ObjectFilter = {
  areaPx: NO_LIMITS,
  score: NO_LIMITS,
  className: null,
  state: null,
  view: null,
};

/**
 * Return the rows that match, ascending by id.
 *
 * @param isHidden ids that are left out whatever the filter says
 */
export function matching(
  rows: InstanceSnapshot,
  filter: ObjectFilter,
  isHidden?: (id: number) => boolean,
): Uint32Array {
  const { areaPx, score } = filter;
  const code = filter.className === null ? -1 : rows.classNames.indexOf(filter.className);
  if (filter.className !== null && code < 0) return new Uint32Array();
  const state = filter.state === null ? -1 : STATES.indexOf(filter.state);
  const found = new Uint32Array(rows.count);
  let n = 0;
  for (let row = 0; row < rows.count; row++) {
    if (code >= 0 && rows.classCode[row] !== code) continue;
    if (state >= 0 && rows.state[row] !== state) continue;
    if (!isWithin(rows.areaPx[row] as number, areaPx)) continue;
    if (!isWithin(rows.score[row] as number, score)) continue;
    if (filter.view && !isInView(rows, row, filter.view)) continue;
    if (isHidden?.(rows.id[row] as number)) continue;
    found[n++] = row;
  }
  return found.slice(0, n);
}

function isWithin(value: number, { least, most }: Limits): boolean {
  return (least === null || value >= least) && (most === null || value <= most);
}

function isInView(
  { box, span }: InstanceSnapshot,
  row: number,
  { box: seen, planes }: { box: Rect; planes: Span },
): boolean {
  const [b, s] = [4 * row, 3 * row];
  const z = span[s + 1] as number;
  return (
    (box[b] as number) < seen.x1 &&
    (box[b + 1] as number) < seen.y1 &&
    (box[b + 2] as number) > seen.x0 &&
    (box[b + 3] as number) > seen.y0 &&
    span[s] === planes.t &&
    z < planes.z + planes.depth &&
    planes.z < z + (span[s + 2] as number)
  );
}

/** Return the rows in order; what has no value comes last either way, equals by id. */
export function inOrder(rows: InstanceSnapshot, which: Uint32Array, order: Order): Uint32Array {
  if (order.by === "id") return order.isDescending ? which.toReversed() : which;
  const value = valuesBy(rows, order.by);
  const sign = order.isDescending ? -1 : 1;
  const keys = new Float64Array(rows.count);
  for (const row of which) {
    const own = value(row);
    keys[row] = Number.isNaN(own) ? Number.POSITIVE_INFINITY : sign * own;
  }
  return which.slice().sort((a, b) => {
    const [p, q] = [keys[a] as number, keys[b] as number];
    return p === q ? a - b : p - q;
  });
}

function valuesBy(rows: InstanceSnapshot, by: Exclude<SortKey, "id">): (row: number) => number {
  if (by === "class") return ranksOf(rows);
  const column = { area: rows.areaPx, score: rows.score, doubt: rows.doubt, state: rows.state }[by];
  return (row) => column[row] as number;
}

/** Classes by name; unknown is no value. */
function ranksOf({ classNames, classCode }: InstanceSnapshot): (row: number) => number {
  const sorted = [...classNames].sort((a, b) => a.localeCompare(b));
  const ranks = classNames.map((name) => (name === "" ? Number.NaN : sorted.indexOf(name)));
  return (row) => ranks[classCode[row] as number] as number;
}
