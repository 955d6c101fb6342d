/**
 * Undo and redo of one person: stacks of ops whose inverse is to be done next.
 *
 * Undoing makes a new op, which lands on the redo stack, since redoing is undoing that one.
 */

import type { OpMeta } from "../api/types";
import { decodeEdit } from "../labels/codec";
import { gunzip } from "../labels/gzip";
import type { PlaneRef } from "../labels/spans";
import type { HistoryState } from "./edit_types";
import type { Journal, StepRow } from "./journal";
import { Cell } from "./observable";
import { metaOfPart } from "./op_parts";
import { type OwnOp, ownOp } from "./replica";

export type Stack = "undo" | "redo";

export interface Step {
  readonly op: OwnOp;
  readonly meta: OpMeta;
  /** What the person did at first: an undone "merge" is still called that. */
  readonly kind: string;
  readonly position: number;
}

/** A part of a step whose op was cut. */
export interface Cut {
  readonly op: OwnOp;
  readonly group: string;
  readonly body: Uint8Array;
}

/** Under which name the steps of a person on a plane are kept. */
export function placeOf(user: string, layerId: string, { t, z }: PlaneRef): string {
  return `${user} ${layerId} ${t} ${z}`;
}

const MAX_BYTES = 64 << 20;
/** So many more may come before all steps are counted: a stroke must not cost what all cost. */
const COUNT_AFTER_BYTES = 4 << 20;
const BYTES_PER_RUN = 16;

export class History {
  readonly state = new Cell<HistoryState>({
    canUndo: false,
    canRedo: false,
    undoKind: null,
    redoKind: null,
  });
  private readonly stacks: Record<Stack, Step[]> = { undo: [], redo: [] };
  private readonly journal: Journal;
  private readonly place: string;
  private position = 0;
  private uncountedBytes = 0;

  /** @param place names person and plane */
  constructor(journal: Journal, place: string) {
    this.journal = journal;
    this.place = place;
  }

  /** Read what earlier pages of this person left. */
  async restore(): Promise<void> {
    for (const row of await this.journal.steps(this.place)) {
      const edit = decodeEdit(await gunzip(row.body));
      const op = ownOp(row.session, row.n, row.kind, edit);
      op.effective = new Map(edit);
      this.stacks[row.stack].push({ op, meta: row.meta, kind: row.kind, position: row.position });
      this.position = Math.max(this.position, row.position);
    }
    this.show();
  }

  /** A new edit: what was undone before can no longer be redone. */
  record(op: OwnOp, meta: OpMeta, body: Promise<Uint8Array>): void {
    this.forget(this.stacks.redo.splice(0));
    this.push("undo", op, meta, op.kind, body);
  }

  push(stack: Stack, op: OwnOp, meta: OpMeta, kind: string, body: Promise<Uint8Array>): void {
    // Time, so that two tabs of one person do not write over each other's steps.
    this.position = Math.max(this.position + 1, Date.now());
    const step: Step = { op, meta, kind, position: this.position };
    this.stacks[stack].push(step);
    this.trim(step);
    this.show();
    void this.persist(stack, step, body);
  }

  private async persist(stack: Stack, step: Step, body: Promise<Uint8Array>): Promise<void> {
    const { op, meta, kind, position } = step;
    try {
      const row: StepRow = {
        place: this.place,
        position,
        stack,
        session: op.session,
        n: op.n,
        kind,
        meta,
        body: await body,
      };
      // Undone again while it was being packed: writing it now would bring it back.
      if (this.stacks[stack].includes(step)) await this.journal.putStep(row);
    } catch {
      // Undo still works on this page; only a reload forgets the step.
    }
  }

  /** The newest step with all others of its group, newest first. */
  peek(stack: Stack): Step[] {
    const steps = this.stacks[stack];
    const group = steps.at(-1)?.meta.group;
    let from = steps.length - 1;
    while (group !== undefined && steps[from - 1]?.meta.group === group) from--;
    return steps.slice(Math.max(0, from)).reverse();
  }

  /** The steps of a group wherever they stand, newest first. */
  ofGroup(stack: Stack, group: string): Step[] {
    return this.stacks[stack].filter((step) => step.meta.group === group).reverse();
  }

  /** What `peek` or `ofGroup` finds, each step looked for when it is its turn: one may be cut. */
  *oneByOne(stack: Stack, group: string | undefined): Generator<Step> {
    const [first] = group === undefined ? this.peek(stack) : this.ofGroup(stack, group);
    const shared = first?.meta.group;
    const isNext = (step: Step) =>
      shared === undefined ? step === first : step.meta.group === shared;
    const find = () => {
      const steps = this.stacks[stack];
      return group === undefined ? steps.slice(-1).find(isNext) : steps.findLast(isNext);
    };
    for (let step = find(); step; step = find()) yield step;
  }

  /** Take them off their stack; returns those that were still on it. */
  take(stack: Stack, wanted: readonly Step[]): Step[] {
    const steps = this.stacks[stack];
    const taken = wanted.filter((step) => steps.includes(step));
    this.stacks[stack] = steps.filter((step) => !taken.includes(step));
    this.forget(taken);
    this.show();
    return taken;
  }

  /** An op that the server refused as a whole cannot be undone. */
  remove(op: OwnOp): void {
    for (const steps of Object.values(this.stacks)) {
      const at = steps.findIndex((step) => step.op === op);
      if (at >= 0) this.forget(steps.splice(at, 1));
    }
    this.show();
  }

  /** An op is sent in parts, which are undone together. */
  cut(op: OwnOp, parts: readonly Cut[]): void {
    for (const stack of ["undo", "redo"] as const) {
      const at = this.stacks[stack].findIndex((step) => step.op === op);
      const whole = this.stacks[stack][at];
      if (!whole) continue;
      const edits = parts.map((part) => part.op.edit);
      const steps = parts.map((part, i) => {
        // Between this step and the next one.
        const position = whole.position + i / parts.length;
        const meta = { ...metaOfPart(whole.meta, edits, i), group: part.group };
        return { op: part.op, meta, kind: whole.kind, position };
      });
      this.stacks[stack].splice(at, 1, ...steps);
      this.forget([whole]);
      for (const [i, step] of steps.entries()) {
        void this.persist(stack, step, Promise.resolve((parts[i] as Cut).body));
      }
    }
  }

  private forget(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    const positions = steps.map((step) => step.position);
    this.journal.deleteSteps(this.place, positions).catch(() => undefined);
  }

  private trim(added: Step): void {
    this.uncountedBytes += bytesOf(added);
    if (this.uncountedBytes < COUNT_AFTER_BYTES) return;
    this.uncountedBytes = 0;
    const { undo } = this.stacks;
    let bytes = undo.reduce((sum, step) => sum + bytesOf(step), 0);
    const newest = undo.at(-1)?.meta.group;
    // What is undone together stays, or goes, together.
    const isOf = (group: string | undefined) =>
      group !== undefined && undo[0]?.meta.group === group;
    for (let dropped: string | undefined; undo.length > 1 && !isOf(newest); ) {
      if (bytes <= MAX_BYTES && !isOf(dropped)) break;
      const oldest = undo.shift() as Step;
      dropped = oldest.meta.group;
      bytes -= bytesOf(oldest);
      this.forget([oldest]);
    }
  }

  private show(): void {
    const { undo, redo } = this.stacks;
    this.state.set({
      canUndo: undo.length > 0,
      canRedo: redo.length > 0,
      undoKind: undo.at(-1)?.kind ?? null,
      redoKind: redo.at(-1)?.kind ?? null,
    });
  }
}

function bytesOf({ op }: Step): number {
  return [...op.edit.values()].reduce((sum, runs) => sum + runs.count * BYTES_PER_RUN, 100);
}
