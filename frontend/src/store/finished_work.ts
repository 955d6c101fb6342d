/**
 * Which instances of a draft lie over work that is done already, and are in nobody's way.
 *
 * Three reasons: people's labels cover half of it or more; it lies in a submitted region; it
 * reaches into a blind region, where no draft may be seen. Coverage is measured where both label
 * images are loaded and guessed from the boxes elsewhere, until somebody looks there.
 */

import Flatbush from "flatbush";
import { contains, EMPTY_RECT, intersect, isEmpty, type Rect, union } from "../geometry/rect";
import { coveredPart, filledPart } from "../labels/overlap";
import { meets, type Span } from "../labels/spans";
import { Listeners } from "./observable";
import type { Dispose, DraftStore, InstanceIndex, LabelReader } from "./types";

/** The box of a region in each of its planes. */
export interface RegionPlace extends Span {
  readonly box: Rect;
}

export interface DoneRegions {
  readonly submitted: readonly RegionPlace[];
  /** Open and submitted ones. */
  readonly blind: readonly RegionPlace[];
}

const COVERED_FROM = 0.5;
// Painting tells of every piece of a stroke; measuring waits until it has calmed down.
const MEASURE_AFTER_MS = 150;

export class FinishedWork {
  private readonly draft: DraftStore;
  private readonly annotation: LabelReader;
  private readonly parts = new Map<number, number>();
  private readonly measured = new Set<number>();
  private readonly listeners = new Listeners<readonly number[] | null>();
  private readonly disposers: Dispose[];
  private regions: DoneRegions = { submitted: [], blind: [] };
  private stale: Rect = EMPTY_RECT;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(draft: DraftStore, annotation: LabelReader) {
    this.draft = draft;
    this.annotation = annotation;
    const changed = (event: { readonly rect: Rect }) => this.measureLater(event.rect);
    this.disposers = [annotation.onDirty(changed), draft.onDirty(changed)];
    this.measureAll();
  }

  setRegions(regions: DoneRegions): void {
    this.regions = regions;
    this.listeners.tell(null);
  }

  /** Nothing is left to do about it. */
  isFinished(id: number): boolean {
    if ((this.parts.get(id) ?? 0) >= COVERED_FROM || this.isBlind(id)) return true;
    const row = this.draft.instances.get(id);
    if (!row) return false;
    const { box, t, z, depth } = row;
    const [x, y] = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2];
    const middle = { t, z: z + Math.floor((depth - 1) / 2), depth: 1 };
    return this.regions.submitted.some(
      (region) => meets(region, middle) && contains(region.box, x, y),
    );
  }

  /** A pixel of it may lie in a blind region. */
  isBlind(id: number): boolean {
    const row = this.draft.instances.get(id);
    if (!row) return false;
    return this.regions.blind.some(
      (region) => meets(region, row) && !isEmpty(intersect(region.box, row.box)),
    );
  }

  /** Proposed instances that wait for a person, most doubtful first. */
  open(): number[] {
    return [...this.draft.instances.byDoubt("proposed")].filter((id) => !this.isFinished(id));
  }

  /** Load what is needed to know how much of it is covered, and look. */
  async look(id: number): Promise<boolean> {
    const box = this.draft.instances.get(id)?.box;
    if (!box) return true;
    await Promise.all([this.draft.ensure(box), this.annotation.ensure(box)]);
    if (this.measure([id]).length > 0) this.listeners.tell([id]);
    return this.isFinished(id);
  }

  /** Told with the ids for which the answer changed; null when any may have. */
  onChange(listener: (ids: readonly number[] | null) => void): Dispose {
    return this.listeners.add(listener);
  }

  close(): void {
    clearTimeout(this.timer);
    for (const dispose of this.disposers) dispose();
    this.listeners.clear();
  }

  private measureLater(box: Rect): void {
    this.stale = union(this.stale, box);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const changed = this.measure(this.draft.instances.within(this.stale));
      this.stale = EMPTY_RECT;
      if (changed.length > 0) this.listeners.tell(changed);
    }, MEASURE_AFTER_MS);
  }

  private measureAll(): void {
    this.measure(this.draft.instances.ids());
  }

  /** @returns the ids that crossed the line */
  private measure(ids: Iterable<number>): number[] {
    const changed: number[] = [];
    let index: BoxIndex | undefined;
    for (const id of ids) {
      const row = this.draft.instances.get(id);
      const box = row?.box ?? EMPTY_RECT;
      const was = (this.parts.get(id) ?? 0) >= COVERED_FROM;
      let part = coveredPart(id, box, this.draft, this.annotation);
      if (part !== null) this.measured.add(id);
      else if (this.measured.has(id))
        continue; // what was seen is better than a guess
      else {
        index ??= new BoxIndex(this.annotation.instances);
        part = filledPart(box, row ? index.meeting(row) : []);
      }
      this.parts.set(id, part);
      if (part >= COVERED_FROM !== was) changed.push(id);
    }
    return changed;
  }
}

/** The boxes of all instances, to ask for many places at once. */
class BoxIndex {
  private readonly places: RegionPlace[] = [];
  private readonly tree: Flatbush | undefined;

  constructor(instances: InstanceIndex) {
    const ids = instances.ids();
    if (ids.length === 0) return;
    this.tree = new Flatbush(ids.length);
    for (const id of ids) {
      const place = instances.get(id) ?? { box: EMPTY_RECT, t: 0, z: 0, depth: 0 };
      const { box } = place;
      this.places.push(place);
      this.tree.add(box.x0, box.y0, box.x1, box.y1);
    }
    this.tree.finish();
  }

  meeting(wanted: RegionPlace): Rect[] {
    const { x0, y0, x1, y1 } = wanted.box;
    const found = this.tree?.search(x0, y0, x1, y1) ?? [];
    const places = found.map((at) => this.places[at] as RegionPlace);
    return places.filter((place) => meets(place, wanted)).map((place) => place.box);
  }
}
