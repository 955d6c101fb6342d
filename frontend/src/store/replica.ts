/**
 * One copy of a layer plane: what the server has said, plus our ops it has not confirmed yet.
 *
 * The server's order is the truth. When its next op arrives, our pending ops are rewound where
 * they meet it, it is applied, and ours are replayed with the pixel guard. Pixels do not depend on
 * each other, so this is done chunk by chunk. Every copy that has seen the same ops and has
 * nothing pending is the same to the bit.
 */

import type { ClassGroups } from "../api/types";
import { EMPTY_RECT, type Rect, union } from "../geometry/rect";
import { type ChunkKey, ChunkMap } from "../labels/chunks";
import type { InstanceState } from "../labels/instance_rows";
import { InstanceTable } from "../labels/instances";
import { applyRuns, boxOfRuns, type Edit, NO_EDIT, type Runs, revertRuns } from "../labels/runs";
import type { PlaneRef } from "../labels/spans";

/** An op of this person that the server may not have confirmed yet. */
export interface OwnOp {
  readonly session: string;
  readonly n: number;
  readonly kind: string;
  /** As it was made and is sent. */
  readonly edit: Edit;
  /** What of it stands here at present; once confirmed: what the server accepted. */
  effective: Map<ChunkKey, Runs>;
  /** Place in the server's order; null while pending. */
  seq: number | null;
  /** Classes that it gives to instances. */
  classes?: ClassGroups;
}

/** An op in the server's order: its accepted runs. */
export interface ConfirmedOp {
  readonly seq: number;
  readonly session: string;
  readonly n: number;
  readonly edit: Edit;
  /** Another plane, on which it was made: here it only counts. */
  readonly elsewhere?: PlaneRef;
}

export function ownOp(
  session: string,
  n: number,
  kind: string,
  edit: Edit,
  classes?: ClassGroups,
): OwnOp {
  const base = { session, n, kind, edit, effective: new Map<ChunkKey, Runs>(), seq: null };
  return classes ? { ...base, classes } : base;
}

export class Replica {
  readonly chunks = new ChunkMap();
  readonly table: InstanceTable;
  /** Newest op of the server's order that is applied here. */
  seq = 0;
  /** Ops up to this one are contained in the loaded instance table. */
  tableSeq = 0;
  readonly pending: OwnOp[] = [];
  private log: ConfirmedOp[] = [];
  private readonly chunkSeq = new Map<ChunkKey, number>();
  private readonly diverged = new Set<ChunkKey>();

  constructor(newState: InstanceState = "accepted", plane?: PlaneRef) {
    this.table = new InstanceTable(newState, plane);
  }

  get logSize(): number {
    return this.log.length;
  }

  /** Forget confirmed ops that every chunk loaded from now on contains. */
  pruneLog(upTo: number): void {
    this.log = this.log.filter((op) => op.seq > upTo);
  }

  /** Take in a chunk as it was at `seq`; ops since then are applied to it. */
  load(key: ChunkKey, labels: Uint32Array | null, seq: number): void {
    this.chunks.set(key, labels);
    this.chunkSeq.set(key, seq);
    for (const op of this.log) {
      const runs = op.edit.get(key);
      if (runs && op.seq > seq) this.applyConfirmed(key, runs);
    }
    this.replay(key);
  }

  /** Chunks that pending ops stand in must not be dropped. */
  isPinned(key: ChunkKey): boolean {
    return this.pending.some((op) => op.edit.has(key));
  }

  drop(key: ChunkKey): void {
    this.rewind(key);
    this.chunks.delete(key);
    this.chunkSeq.delete(key);
  }

  /** Chunks where the server's op did not fit: they are to be loaded anew. Asking clears it. */
  takeDiverged(): ChunkKey[] {
    const keys = [...this.diverged];
    this.diverged.clear();
    return keys;
  }

  /** Add an op whose pixels are already written (a stroke). */
  addPainted(op: OwnOp): void {
    op.effective = new Map(op.edit);
    this.pending.push(op);
    this.table.countEdit(op.edit, 1);
  }

  /** Add an op and write its pixels, guarded. */
  addAndApply(op: OwnOp): void {
    this.pending.push(op);
    for (const key of op.edit.keys()) {
      if (this.chunks.has(key)) this.replayOp(op, key);
    }
  }

  findPending(session: string, n: number): OwnOp | undefined {
    return this.pending.find((op) => op.session === session && op.n === n);
  }

  /** An op is sent in parts: each stands where the whole did. */
  cut(own: OwnOp, parts: readonly OwnOp[]): void {
    for (const part of parts) {
      for (const key of part.edit.keys()) {
        const runs = own.effective.get(key);
        if (runs) part.effective.set(key, runs);
      }
    }
    this.pending.splice(this.pending.indexOf(own), 1, ...parts);
  }

  /** Apply the next op of the server's order. Returns the box that may look different. */
  confirm(op: ConfirmedOp): Rect {
    if (op.seq <= this.seq) return EMPTY_RECT;
    if (op.seq !== this.seq + 1) {
      throw new RangeError(`Op ${op.seq} came after op ${this.seq}.`);
    }
    this.seq = op.seq;
    if (op.elsewhere) {
      if (op.seq > this.tableSeq) this.table.countEdit(op.edit, 1, op.elsewhere);
      return EMPTY_RECT;
    }
    this.log.push(op);
    const own = this.findPending(op.session, op.n);
    if (own && this.standsAsConfirmed(own, op)) {
      this.pending.splice(this.pending.indexOf(own), 1);
      own.seq = op.seq;
      return EMPTY_RECT;
    }
    let box = EMPTY_RECT;
    const keys = new Set([...op.edit.keys(), ...(own?.edit.keys() ?? [])]);
    for (const key of keys) {
      const runs = op.edit.get(key);
      this.rewind(key);
      if (runs && op.seq > this.tableSeq) this.table.countRuns(key, runs, 1);
      if (runs && this.isNews(key, op.seq)) this.applyConfirmed(key, runs);
      this.replay(key, own);
      box = union(box, boxOfRuns(key, runs ?? (own?.edit.get(key) as Runs)));
    }
    if (own) this.settle(own, op.seq, op.edit);
    return box;
  }

  /** The usual case: our oldest op came back whole, so nothing changes but its name. */
  private standsAsConfirmed(own: OwnOp, op: ConfirmedOp): boolean {
    if (this.pending[0] !== own || op.edit !== own.edit || op.seq <= this.tableSeq) return false;
    for (const [key, runs] of own.edit) {
      if (own.effective.get(key) !== runs || !this.isNews(key, op.seq)) return false;
    }
    return true;
  }

  /** Take a pending op out: the server has it in what was loaded, or will never have it. */
  remove(own: OwnOp, accepted: Edit = NO_EDIT, seq: number | null = null): Rect {
    let box = EMPTY_RECT;
    for (const [key, runs] of own.edit) {
      this.rewind(key);
      this.replay(key, own);
      box = union(box, boxOfRuns(key, runs));
    }
    this.settle(own, seq, accepted);
    return box;
  }

  private settle(own: OwnOp, seq: number | null, accepted: Edit): void {
    this.pending.splice(this.pending.indexOf(own), 1);
    own.effective = new Map(accepted);
    own.seq = seq;
  }

  private isNews(key: ChunkKey, seq: number): boolean {
    const known = this.chunkSeq.get(key);
    return known !== undefined && seq > known;
  }

  private applyConfirmed(key: ChunkKey, runs: Runs): void {
    const labels = this.chunks.writable(key);
    // Accepted runs fit by definition; if not, this copy is wrong and is loaded anew.
    if (labels && applyRuns(labels, runs) !== runs) this.diverged.add(key);
  }

  /** Undo all pending ops in one chunk, newest first. */
  private rewind(key: ChunkKey): void {
    for (let i = this.pending.length - 1; i >= 0; i--) {
      const op = this.pending[i] as OwnOp;
      const runs = op.effective.get(key);
      if (!runs) continue;
      const labels = this.chunks.writable(key);
      if (labels) revertRuns(labels, runs);
      this.table.countRuns(key, runs, -1);
      op.effective.delete(key);
    }
  }

  /** Do all pending ops again in one chunk, oldest first, except one. */
  private replay(key: ChunkKey, except?: OwnOp): void {
    if (!this.chunks.has(key)) return;
    for (const op of this.pending) if (op !== except) this.replayOp(op, key);
  }

  private replayOp(op: OwnOp, key: ChunkKey): void {
    const runs = op.edit.get(key);
    const labels = runs && this.chunks.writable(key);
    if (!labels) return;
    const written = applyRuns(labels, runs);
    op.effective.delete(key);
    if (written.count === 0) return;
    op.effective.set(key, written);
    this.table.countRuns(key, written, 1);
  }
}
