/** Every instance of a layer as a structure of arrays, kept in step with the pixels by the runs. */

import { isEmpty, type Rect, rect } from "../geometry/rect";
import { BoxColumn } from "./box_column";
import { CHUNK, type ChunkKey, chunkCol, chunkRow } from "./chunks";
import { ClassColumn } from "./class_column";
import {
  type InstanceColumns,
  type InstanceRow,
  type InstanceState,
  STATES,
} from "./instance_rows";
import { type InstanceSnapshot, snapshotOf } from "./instance_snapshot";
import { boxOfRun, type Edit, type Runs } from "./runs";
import { meets, type PlaneRef, type Span, SpanColumn } from "./spans";

const FIRST_PLANE: PlaneRef = { t: 0, z: 0 };

/** About 40 bytes an instance; a row stays when its area falls to 0, since undo may bring it back. */
export class InstanceTable {
  private readonly slots = new Map<number, number>();
  private idOf = new Uint32Array(256);
  private area = new Int32Array(256);
  private readonly boxes = new BoxColumn();
  private readonly spans = new SpanColumn();
  private stateOfSlot = new Uint8Array(256);
  private score = new Float32Array(256);
  private doubt = new Float32Array(256);
  private readonly classes = new ClassColumn();
  private used = 0;
  private alive = 0;
  private changes = 0;
  private readonly newState: InstanceState;
  private readonly plane: PlaneRef;
  private latest: InstanceSnapshot | undefined;

  /**
   * @param newState what an instance is that pixels bring up for the first time
   * @param plane where pixels lie of which nothing else is said
   */
  constructor(newState: InstanceState = "accepted", plane: PlaneRef = FIRST_PLANE) {
    this.newState = newState;
    this.plane = plane;
  }

  get count(): number {
    return this.alive;
  }

  get version(): number {
    return this.changes;
  }

  load(columns: InstanceColumns): void {
    this.slots.clear();
    this.classes.clear();
    this.used = 0;
    this.alive = 0;
    const { col0, row0, col1, row1 } = columns;
    columns.instance_id.forEach((id, i) => {
      const slot = this.slotFor(id);
      this.area[slot] = columns.area_px[i] ?? 0;
      if ((this.area[slot] as number) > 0) this.tally(slot, 1);
      this.boxes.set(slot, col0[i] ?? 0, row0[i] ?? 0, col1[i] ?? 0, row1[i] ?? 0);
      const plane = { t: columns.t?.[i] ?? 0, z: columns.z?.[i] ?? 0 };
      this.spans.set(slot, plane, columns.depth?.[i]);
      this.describe(slot, columns, i);
    });
    this.changes++;
  }

  /** Take over states, scores and classes only; pixels are counted here. */
  loadStates(columns: InstanceColumns): void {
    columns.instance_id.forEach((id, i) => {
      const slot = this.slots.get(id);
      if (slot !== undefined) this.describe(slot, columns, i);
    });
    this.changes++;
  }

  private describe(slot: number, columns: InstanceColumns, i: number): void {
    this.stateOfSlot[slot] = STATES.indexOf(columns.state[i] ?? this.newState);
    this.score[slot] = columns.score[i] ?? Number.NaN;
    this.doubt[slot] = columns.doubt?.[i] ?? Number.NaN;
    this.classes.set(slot, columns.class_name[i] ?? "", (this.area[slot] as number) > 0);
  }

  /** Count in the pixels of an edit, or count them out again when it is taken back. */
  countEdit(edit: Edit, sign: 1 | -1, plane: PlaneRef = this.plane): void {
    for (const [key, runs] of edit) this.countRuns(key, runs, sign, plane);
  }

  countRuns(key: ChunkKey, runs: Runs, sign: 1 | -1, plane: PlaneRef = this.plane): void {
    const [oy, ox] = [chunkRow(key) * CHUNK, chunkCol(key) * CHUNK];
    const [loser, winner] = sign === 1 ? [runs.before, runs.after] : [runs.after, runs.before];
    for (let r = 0; r < runs.count; r++) {
      const length = runs.length[r] as number;
      this.lose(loser[r] as number, length);
      const box = boxOfRun(runs.start[r] as number, length);
      this.win(winner[r] as number, length, moved(box, ox, oy), plane);
    }
    if (runs.count > 0) this.changes++;
  }

  private lose(id: number, n: number): void {
    if (id === 0) return;
    const slot = this.slotFor(id);
    const was = this.area[slot] as number;
    this.area[slot] = was - n;
    if (was > 0 && was - n <= 0) this.tally(slot, -1);
    if (was <= 0 && was - n > 0) this.tally(slot, 1);
    if (was - n === 0) this.boxes.clear(slot);
  }

  private win(id: number, n: number, run: Rect, plane: PlaneRef): void {
    if (id === 0) return;
    const slot = this.slotFor(id);
    this.lose(id, -n);
    const isNew = this.boxes.isEmpty(slot);
    this.boxes.widen(slot, run);
    if (isNew) this.spans.set(slot, plane);
    else this.spans.widen(slot, plane);
  }

  private slotFor(id: number): number {
    const known = this.slots.get(id);
    if (known !== undefined) return known;
    if (this.used === this.idOf.length) this.enlarge();
    const slot = this.used++;
    this.slots.set(id, slot);
    this.idOf[slot] = id;
    this.area[slot] = 0;
    this.boxes.clear(slot);
    this.spans.set(slot, this.plane);
    this.stateOfSlot[slot] = STATES.indexOf(this.newState);
    this.score[slot] = Number.NaN;
    this.doubt[slot] = Number.NaN;
    this.classes.reset(slot);
    return slot;
  }

  private enlarge(): void {
    const size = this.used * 2;
    const copy = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.idOf = copy(new Uint32Array(size), this.idOf);
    this.area = copy(new Int32Array(size), this.area);
    this.boxes.enlarge(size);
    this.spans.enlarge(size);
    this.stateOfSlot = copy(new Uint8Array(size), this.stateOfSlot);
    this.classes.enlarge(size);
    this.score = copy(new Float32Array(size), this.score);
    this.doubt = copy(new Float32Array(size), this.doubt);
  }

  setState(id: number, state: InstanceState): boolean {
    const slot = this.slots.get(id);
    const code = STATES.indexOf(state);
    if (slot === undefined || this.stateOfSlot[slot] === code) return false;
    this.stateOfSlot[slot] = code;
    this.changes++;
    return true;
  }

  /** Also of an instance that has no pixel yet. */
  setClass(id: number, name: string): boolean {
    const slot = this.slotFor(id);
    const isOther = this.classes.set(slot, name, (this.area[slot] as number) > 0);
    if (isOther) this.changes++;
    return isOther;
  }

  /** Give all instances of one class another; returns their ids. */
  renameClass(from: string, to: string): number[] {
    const having = [...this.slots].filter(([, slot]) => this.classes.nameOf(slot) === from);
    for (const [id] of having) this.setClass(id, to);
    return having.map(([id]) => id);
  }

  /** "" for unknown, and for an instance that is not known. */
  classOf(id: number): string {
    const slot = this.slots.get(id);
    return slot === undefined ? "" : this.classes.nameOf(slot);
  }

  /** How many instances have each class; "" is unknown. */
  classCount(): Map<string, number> {
    return this.classes.counted();
  }

  /** An instance got its first pixel, or lost its last. */
  private tally(slot: number, sign: 1 | -1): void {
    this.alive += sign;
    this.classes.tally(slot, sign);
  }

  get(id: number): InstanceRow | undefined {
    const slot = this.slots.get(id);
    if (slot === undefined) return undefined;
    return {
      id,
      areaPx: this.area[slot] as number,
      box: this.boxes.get(slot),
      ...this.spans.get(slot),
      state: this.stateAt(slot),
      score: numberOrNull(this.score[slot]),
      doubt: numberOrNull(this.doubt[slot]),
      className: this.classOf(id),
    };
  }

  areaOf(id: number): number {
    const slot = this.slots.get(id);
    return slot === undefined ? 0 : (this.area[slot] as number);
  }

  scoreOf(id: number): number | null {
    const slot = this.slots.get(id);
    return slot === undefined ? null : numberOrNull(this.score[slot]);
  }

  stateOf(id: number): InstanceState | undefined {
    const slot = this.slots.get(id);
    return slot === undefined ? undefined : this.stateAt(slot);
  }

  /** All of them as columns; the same object until something changes. */
  snapshot(): InstanceSnapshot {
    if (this.latest?.version !== this.changes) {
      const { used, idOf, area, score, doubt, spans, classes } = this;
      this.latest = snapshotOf({
        ...{ version: this.changes, used, idOf, area, score, doubt },
        boxes: this.boxes.all,
        state: this.stateOfSlot,
        spanOf: (slot) => spans.get(slot),
        classCodeOf: (slot) => classes.codeAt(slot),
        classNames: classes.allNames,
      });
    }
    return this.latest;
  }

  ids(): Uint32Array {
    return this.pick(() => true).sort();
  }

  within(box: Rect, planes: Span = { ...this.plane, depth: 1 }): Uint32Array {
    if (isEmpty(box)) return new Uint32Array();
    const isThere = (slot: number) =>
      meets(this.spans.get(slot), planes) && this.boxes.meets(slot, box);
    return this.pick(isThere).sort();
  }

  byDoubt(state: InstanceState): Uint32Array {
    const code = STATES.indexOf(state);
    return this.pick((slot) => this.stateOfSlot[slot] === code).sort(
      (p, q) => this.doubtOf(q) - this.doubtOf(p) || p - q,
    );
  }

  /** How likely it is wrong; without a measured doubt a low score must do, without either nothing. */
  private doubtOf(id: number): number {
    const slot = this.slots.get(id) as number;
    return numberOrNull(this.doubt[slot]) ?? 1 - (numberOrNull(this.score[slot]) ?? 1);
  }

  countIn(state: InstanceState): number {
    return this.pick((slot) => this.stateOfSlot[slot] === STATES.indexOf(state)).length;
  }

  private pick(wanted: (slot: number) => boolean): Uint32Array {
    const found: number[] = [];
    for (let slot = 0; slot < this.used; slot++) {
      if ((this.area[slot] as number) > 0 && wanted(slot)) found.push(this.idOf[slot] as number);
    }
    return Uint32Array.from(found);
  }

  private stateAt(slot: number): InstanceState {
    return STATES[this.stateOfSlot[slot] as number] ?? this.newState;
  }
}

function moved(box: Rect, dx: number, dy: number): Rect {
  return rect(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy);
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
