/** What became of the instances of one layer (A) in another (B), as the server tells it; pure. */

import Flatbush from "flatbush";
import { type Rect, rect } from "../geometry/rect";

/** In the order of lists and buttons: what needs a look first. */
export const DIFFERENCE_KINDS = [
  "split",
  "merged",
  "vanished",
  "appeared",
  "moved",
  "same",
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** A group as it comes over the wire. */
export interface GroupColumns {
  readonly kind: DifferenceKind;
  readonly a_ids: readonly number[];
  readonly b_ids: readonly number[];
  readonly row0: number;
  readonly col0: number;
  readonly row1: number;
  readonly col1: number;
  readonly iou: number;
  readonly changed_px: number;
}

export interface DifferenceGroup {
  readonly kind: DifferenceKind;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly box: Rect;
  readonly iou: number;
  readonly changedPx: number;
}

export type Side = "a" | "b";

/** The groups in the order of the list, and the way from an instance or a place to its group. */
export class Differences {
  readonly groups: readonly DifferenceGroup[];
  private readonly ofA = new Map<number, number>();
  private readonly ofB = new Map<number, number>();
  private readonly tree: Flatbush | undefined;

  constructor(groups: readonly GroupColumns[]) {
    this.groups = groups.map((one) => ({
      kind: one.kind,
      a: one.a_ids,
      b: one.b_ids,
      box: rect(one.col0, one.row0, one.col1, one.row1),
      iou: one.iou,
      changedPx: one.changed_px,
    }));
    this.groups.forEach((group, place) => {
      for (const id of group.a) this.ofA.set(id, place);
      for (const id of group.b) this.ofB.set(id, place);
    });
    if (this.groups.length === 0) return;
    this.tree = new Flatbush(this.groups.length);
    for (const { box } of this.groups) this.tree.add(box.x0, box.y0, box.x1, box.y1);
    this.tree.finish();
  }

  /** Place of the group that an instance is in; undefined when nothing is told of it. */
  placeOf(side: Side, id: number): number | undefined {
    return (side === "a" ? this.ofA : this.ofB).get(id);
  }

  kindOf(side: Side, id: number): DifferenceKind | undefined {
    const place = this.placeOf(side, id);
    return place === undefined ? undefined : this.groups[place]?.kind;
  }

  /** Places of groups of some kinds, in their order. */
  ofKinds(kinds: ReadonlySet<DifferenceKind>): number[] {
    const found: number[] = [];
    this.groups.forEach((group, place) => {
      if (kinds.has(group.kind)) found.push(place);
    });
    return found;
  }

  /** Places of groups whose box meets another, in no order. */
  within(box: Rect): number[] {
    const touching = this.tree?.search(box.x0, box.y0, box.x1, box.y1) ?? [];
    return touching.filter((place) => {
      const one = (this.groups[place] as DifferenceGroup).box;
      return one.x0 < box.x1 && one.x1 > box.x0 && one.y0 < box.y1 && one.y1 > box.y0;
    });
  }
}
