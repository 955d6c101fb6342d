/** Accepting draft instances that span planes: the server copies them, plane by plane. */

import type { LayerApi } from "../api/layers";
import type { OpJson, OpMeta } from "../api/types";
import * as texts from "../texts";
import { EditRefused } from "./edit_refused";
import type { Preserve } from "./edit_types";
import type { SaveState } from "./saving_types";
import type { DraftStore, Observable } from "./types";
import { rememberAccept, type StepPlaces } from "./volume_history";

/** What is needed of the annotation they are copied into. */
export interface VolumeTarget {
  readonly saveState: Observable<SaveState>;
  flush(): Promise<void>;
  catchUp(): Promise<void>;
}

export interface VolumeAccepted {
  readonly nAccepted: number;
  /** New ids by the draft's; empty when they are too many to be listed. */
  readonly newIds: ReadonlyMap<number, number>;
}

export class VolumeAccept {
  private readonly api: LayerApi;
  private readonly target: VolumeTarget;
  private readonly places: StepPlaces;

  constructor(api: LayerApi, target: VolumeTarget, places: StepPlaces) {
    this.api = api;
    this.target = target;
    this.places = places;
  }

  /** Accept instances in every plane they span. @throws EditRefused while the server is away */
  async accept(
    draft: DraftStore,
    ids: readonly number[],
    preserve: Preserve,
  ): Promise<VolumeAccepted> {
    const { api, target } = this;
    const { layerId } = this.places;
    if (!target.saveState.value.online) {
      throw new EditRefused("offline", texts.editing.serverAcceptsVolumes);
    }
    // What was painted last must be known where it is decided what an object may cover.
    await target.flush();
    const before = (await api.manifest(layerId, draft.info.t, draft.info.z)).seq;
    const wanted = { draft: draft.info.id, instance_ids: ids, preserve };
    const done = await api.accept(layerId, wanted);
    const ops = done.n_accepted > 0 ? await this.opsOf(before, done.seq) : [];
    const newIds = idsOf(ops[0]?.meta);
    const accepts = [...newIds].map(([instance_id, new_id]) => {
      return { layer: draft.info.id, instance_id, new_id };
    });
    await rememberAccept(ops, accepts.length > 0 ? accepts : undefined, this.places);
    await Promise.all([draft.refresh(), target.catchUp()]);
    return { nAccepted: done.n_accepted, newIds };
  }

  /** @returns the new id */
  async acceptOne(draft: DraftStore, id: number, preserve: Preserve = "pixels"): Promise<number> {
    const { nAccepted, newIds } = await this.accept(draft, [id], preserve);
    const newId = newIds.get(id);
    if (nAccepted > 0 && newId !== undefined) return newId;
    throw new EditRefused("covered", texts.editing.nothingToAccept);
  }

  /** @returns how many were accepted */
  async acceptMany(draft: DraftStore, ids: readonly number[], preserve: Preserve): Promise<number> {
    let nAccepted = 0;
    // The undo steps of an accept are those of the planes of one time.
    for (const ofOneTime of byTime(draft, ids)) {
      nAccepted += (await this.accept(draft, ofOneTime, preserve)).nAccepted;
    }
    return nAccepted;
  }

  /** The ops that an accept made, of which `last` is the newest. */
  private async opsOf(before: number, last: number): Promise<OpJson[]> {
    const all: OpJson[] = [];
    for (let seq = before; seq < last; seq = all.at(-1)?.seq ?? last) {
      const some = await this.api.opsAfter(this.places.layerId, seq);
      if (some.length === 0) break;
      all.push(...some);
    }
    const newest = all.find((op) => op.seq === last);
    return all.filter((op) => op.seq <= last && op.session === newest?.session);
  }
}

/** The new ids follow each other in the order of the draft's. */
function idsOf({ first_id, instance_ids }: OpMeta = {}): Map<number, number> {
  if (first_id === undefined || !instance_ids) return new Map();
  return new Map(instance_ids.map((id, i) => [id, first_id + i]));
}

/** Draft instances of one time after the other. */
function byTime(draft: DraftStore, ids: readonly number[]): Iterable<number[]> {
  const times = new Map<number, number[]>();
  for (const id of ids) {
    const t = draft.instances.get(id)?.t ?? 0;
    const same = times.get(t);
    if (same) same.push(id);
    else times.set(t, [id]);
  }
  return times.values();
}
