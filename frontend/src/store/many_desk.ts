/** Edits of very many instances: part by part, in ops of bounded size that are one step of undo. */

import type { OpMeta } from "../api/types";
import { EMPTY_RECT, type Rect } from "../geometry/rect";
import { type ChunkKey, keysIn } from "../labels/chunks";
import { longEdits } from "../texts/long_edits";
import type { DraftPlane } from "./draft_plane";
import { type EditContext, type EditDesk, notOnPlane } from "./edit_desk";
import { EditRefused } from "./edit_refused";
import type { ManyReport, Preserve } from "./edit_types";
import { acceptEdit } from "./edits";
import type { LongEdits } from "./long_edit";
import { CHUNKS_PER_OP, inParts, placesOf, relabelMany } from "./relabel_many";

// The server takes a header of 1 MiB; an accepted instance takes about 100 bytes of it.
const ACCEPTS_PER_OP = 5000;

type Places = readonly [ChunkKey, Rect][];

interface AcceptPart {
  readonly ids: number[];
  readonly boxes: Rect[];
  readonly keys: Set<ChunkKey>;
}

export class ManyDesk {
  private readonly desk: EditDesk;
  private readonly context: EditContext;
  private readonly long: LongEdits;

  constructor(desk: EditDesk, context: EditContext, long: LongEdits) {
    this.desk = desk;
    this.context = context;
    this.long = long;
  }

  /**
   * Give instances' pixels to others.
   *
   * @param to the new label by the old one
   * @throws EditRefused also when only a part was done
   */
  relabel(kind: string, to: ReadonlyMap<number, number>): Promise<ManyReport> {
    return this.desk.exclusively(async () => {
      const { table, bounds, chunks } = this.context;
      const here = [...table.within(bounds)].filter((id) => to.has(id));
      const boxes = new Map(here.map((id) => [id, this.desk.known(id)]));
      const parts = inParts(placesOf(boxes.values(), bounds.x1, bounds.y1));
      const group = this.context.newGroup();
      const given = new Set<number>();
      const left = new Set(parts);
      const make = async (part: Places) => {
        await this.load(part);
        const done = relabelMany(chunks, part, to);
        for (const id of done.given) given.add(id);
        if (done.edit.size > 0) await this.context.commit(kind, done.edit, { group }, false);
        left.delete(part as (typeof parts)[number]);
      };
      const why = await this.long.run({
        ...{ kind, nParts: parts.length, parts, make },
        chunksOf: (part) => part.length,
      });
      if (why !== null) {
        const nDone = this.nWhole(given, boxes, [...left].flat());
        throw new EditRefused("in_part", longEdits.changedInPart(why, kind, nDone, here.length));
      }
      if (given.size === 0) throw notOnPlane();
      return { nDone: given.size, nElsewhere: to.size - given.size };
    });
  }

  private async load(places: Places): Promise<void> {
    await Promise.all(places.map(([, box]) => this.desk.ensure(box)));
  }

  /** How many of those that gave pixels lie in no chunk that is left. */
  private nWhole(given: ReadonlySet<number>, boxes: ReadonlyMap<number, Rect>, left: Places) {
    const { x1, y1 } = this.context.bounds;
    const keys = new Set(left.map(([key]) => key));
    const isCut = (id: number) =>
      keysIn(boxes.get(id) ?? EMPTY_RECT, x1, y1).some((key) => keys.has(key));
    return [...given].filter((id) => !isCut(id)).length;
  }

  /**
   * Copy instances of a draft into the annotation.
   *
   * @returns new ids by the draft's ids, of those that gave pixels
   * @throws EditRefused also when only a part was done
   */
  accept(
    draft: DraftPlane,
    ids: readonly number[],
    preserve: Preserve,
    isEdit: boolean,
  ): Promise<Map<number, number>> {
    return this.desk.exclusively(async () => {
      const group = this.context.newGroup();
      const all = new Map<number, number>();
      const parts = this.acceptParts(draft, ids);
      let nSeen = 0;
      const why = await this.long.run({
        ...{ kind: "accept", nParts: parts.length, parts },
        chunksOf: (part) => part.keys.size,
        make: async (part) => {
          const done = await this.acceptPart(draft, part, preserve, isEdit, group);
          for (const [id, newId] of done) all.set(id, newId);
          nSeen += part.ids.length;
        },
      });
      if (why !== null) {
        throw new EditRefused("in_part", longEdits.acceptedInPart(why, nSeen, ids.length));
      }
      return all;
    });
  }

  /** Whole instances, those beside each other together. */
  private acceptParts(draft: DraftPlane, ids: readonly number[]): AcceptPart[] {
    const { x1, y1 } = this.context.bounds;
    const placed = ids.map((id) => {
      const box = draft.replica.table.get(id)?.box ?? EMPTY_RECT;
      return { id, box, keys: keysIn(box, x1, y1) };
    });
    placed.sort((a, b) => (a.keys[0] ?? 0) - (b.keys[0] ?? 0));
    const parts: AcceptPart[] = [];
    for (const { id, box, keys } of placed) {
      const last = parts.at(-1);
      const nKeys = last ? last.keys.size + keys.filter((key) => !last.keys.has(key)).length : 0;
      const isFull = !last || nKeys > CHUNKS_PER_OP || last.ids.length >= ACCEPTS_PER_OP;
      const part = isFull ? { ids: [], boxes: [], keys: new Set<ChunkKey>() } : last;
      if (isFull) parts.push(part);
      part.ids.push(id);
      part.boxes.push(box);
      for (const key of keys) part.keys.add(key);
    }
    return parts;
  }

  private async acceptPart(
    draft: DraftPlane,
    { ids, boxes }: AcceptPart,
    preserve: Preserve,
    isEdit: boolean,
    group: string,
  ): Promise<Map<number, number>> {
    const { chunks, bounds } = this.context;
    const places = [...placesOf(boxes, bounds.x1, bounds.y1)];
    await Promise.all([
      this.load(places),
      ...places.map(([, box]) => draft.ensure(box)),
      this.context.ids.ensure(ids.length),
    ]);
    const newIds = new Map(ids.map((id) => [id, this.context.ids.next()]));
    const accepted = acceptEdit(draft.replica.chunks, chunks, places, newIds, preserve);
    const done = new Map(accepted.ids.map((id) => [id, newIds.get(id) as number]));
    if (done.size === 0) return done;
    // Shown before the op is kept: who presses A twice must not accept twice.
    draft.show(accepted.ids, isEdit ? "edited" : "accepted");
    const meta = acceptMeta(draft, done, isEdit, group);
    await this.desk.commit("accept", accepted.edit, meta, false);
    return done;
  }
}

function acceptMeta(
  draft: DraftPlane,
  newIds: ReadonlyMap<number, number>,
  isEdit: boolean,
  group: string,
): OpMeta {
  const accepts = [...newIds].map(([id, newId]) => ({
    layer: draft.info.id,
    instance_id: id,
    new_id: newId,
  }));
  return { group, accepts, ...(isEdit ? { edits_draft: true } : {}) };
}
