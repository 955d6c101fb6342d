/** In which order the objects of a draft come, and which of them are meant; pure. */

import { contains, type Rect } from "../geometry/rect";
import type { InstanceRow } from "./instance_rows";
import { meets, type Span } from "./spans";

export const REVIEW_ORDERS = ["doubt", "score", "size", "near"] as const;
/**
 * doubt  most likely wrong first
 * score  lowest score first, those without last
 * size   largest first
 * near   along a way on which each is close to the one before
 */
export type ReviewOrder = (typeof REVIEW_ORDERS)[number];

type Rows = { get(id: number): InstanceRow | undefined };

/**
 * Bring instances into an order; ties keep the order they came in.
 *
 * @param ids most doubtful first
 */
export function inOrder(ids: readonly number[], rows: Rows, order: ReviewOrder): number[] {
  if (order === "doubt") return [...ids];
  const keyOf = KEYS[order];
  const keyed = ids.map((id) => {
    const row = rows.get(id);
    return { id, key: row ? keyOf(row) : Number.POSITIVE_INFINITY };
  });
  return keyed.sort((p, q) => p.key - q.key).map((one) => one.id);
}

const KEYS: Readonly<Record<Exclude<ReviewOrder, "doubt">, (row: InstanceRow) => number>> = {
  score: (row) => row.score ?? 2,
  size: (row) => -row.areaPx,
  near: (row) => {
    const { x0, y0, x1, y1 } = row.box;
    // Plane after plane, and within each along the curve.
    return (row.t * 65_536 + row.z) * 2 ** 32 + alongHilbert((x0 + x1) >> 1, (y0 + y1) >> 1);
  },
};

/** Cells of this many pixels share a place on the curve; images have at most 2^20 a side. */
const CELL_BITS = 4;
const SIDE_BITS = 16;

/** How far along the curve of Hilbert (1891) a point lies, below 2^32: near points are near. */
export function alongHilbert(x: number, y: number): number {
  let [cx, cy] = [x >> CELL_BITS, y >> CELL_BITS];
  let way = 0;
  for (let side = 1 << (SIDE_BITS - 1); side > 0; side >>= 1) {
    const [right, low] = [(cx & side) > 0 ? 1 : 0, (cy & side) > 0 ? 1 : 0];
    way += side * side * ((3 * right) ^ low);
    if (low === 0) {
      if (right === 1) [cx, cy] = [side - 1 - (cx & (side - 1)), side - 1 - (cy & (side - 1))];
      [cx, cy] = [cy, cx];
    }
  }
  return way;
}

/** Which objects a bulk accept means. */
export interface ReviewFilter {
  /** Those without a score are always meant. */
  readonly leastScore: number;
  readonly leastPx: number;
  readonly mostPx: number;
  /** Their middle lies in there; without it everywhere. */
  readonly within: (Span & { readonly box: Rect }) | undefined;
}

export function isMeant(row: InstanceRow, filter: ReviewFilter): boolean {
  const { leastScore, leastPx, mostPx, within } = filter;
  if (row.score !== null && row.score < leastScore) return false;
  if (row.areaPx < leastPx || row.areaPx > mostPx) return false;
  if (!within) return true;
  const { box, t, z, depth } = row;
  const middle = { t, z: z + Math.floor((depth - 1) / 2), depth: 1 };
  return (
    meets(within, middle) && contains(within.box, (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
  );
}
