/** Ops of the log put together to the steps that people made, and put into words. */
import type { HistoryOpJson } from "../../api/history";
import { EMPTY_RECT, type Rect, rect, union } from "../../geometry/rect";
import type { PlaneRef } from "../../labels/spans";
import * as texts from "../../texts";
import { kindWord } from "../../texts/kinds";

/** What one person did in one go: an op, or several that belong together. */
export interface Step {
  /** Of its newest op: the layer after it. */
  readonly seq: number;
  /** Of its oldest op that is known. */
  readonly first: number;
  readonly group: string | null;
  readonly person: string | null;
  readonly at: Date;
  readonly kind: string;
  /** Of an undo or redo: what was done at first. */
  readonly undone: string | null;
  readonly nPixels: number;
  readonly nRefused: number;
  /** Of an accept. */
  readonly nObjects: number | null;
  readonly draft: string | null;
  /** Of its newest op. */
  readonly plane: PlaneRef;
  readonly nPlanes: number;
  /** Holds its pixels on the plane of its newest op; empty when it changed none. */
  readonly box: Rect;
}

/** @param ops newest first, as the server lists them */
export function stepsOf(ops: readonly HistoryOpJson[]): Step[] {
  const steps: Step[] = [];
  let members: HistoryOpJson[] = [];
  for (const op of ops) {
    if (members.length > 0 && !belongs(members[0] as HistoryOpJson, op)) {
      steps.push(stepOf(members));
      members = [];
    }
    members.push(op);
  }
  if (members.length > 0) steps.push(stepOf(members));
  return steps;
}

/** An undo has the group of what it takes back, and is a step of its own. */
function belongs(one: HistoryOpJson, other: HistoryOpJson): boolean {
  return (
    one.group !== null &&
    one.group === other.group &&
    one.kind === other.kind &&
    one.person_id === other.person_id
  );
}

function stepOf(ops: readonly HistoryOpJson[]): Step {
  const newest = ops[0] as HistoryOpJson;
  const { t, z } = newest;
  const sum = (n: (op: HistoryOpJson) => number) => ops.reduce((all, op) => all + n(op), 0);
  const boxes = ops.filter((op) => op.t === t && op.z === z).map(boxOf);
  const planes = new Set(ops.map((op) => `${op.t}/${op.z}`));
  // Ops that the server made of one accept each name all of its objects.
  const perOp = ops.map((op) => op.n_objects).filter((n) => n !== null);
  const nObjects = planes.size > 1 ? Math.max(...perOp) : perOp.reduce((a, b) => a + b, 0);
  return {
    seq: newest.seq,
    first: (ops.at(-1) as HistoryOpJson).seq,
    group: newest.group,
    person: newest.person,
    at: new Date(newest.at),
    kind: newest.kind,
    undone: newest.undo_of?.kind ?? null,
    nPixels: sum((op) => op.n_pixels),
    nRefused: sum((op) => op.n_refused),
    nObjects: perOp.length > 0 ? nObjects : null,
    draft: newest.draft,
    plane: { t, z },
    nPlanes: planes.size,
    box: boxes.reduce(union, EMPTY_RECT),
  };
}

function boxOf({ col0, row0, col1, row1 }: HistoryOpJson): Rect {
  return rect(col0, row0, col1, row1);
}

/** "Brush stroke", "Undo of merging", "Accepting 4,812 objects of stardist v3". */
export function stepWord({ kind, undone, nObjects, draft }: StepWords): string {
  const what =
    kind === "undo" || kind === "redo"
      ? texts.history.steps.backOf(kind, kindWord(undone ?? "edit"))
      : "";
  const word = what || kindWord(kind);
  return kind === "accept" ? texts.history.steps.accepting(word, nObjects, draft) : word;
}

type StepWords = Pick<Step, "kind" | "undone" | "nObjects" | "draft">;

export function personName(name: string | null): string {
  return name ?? texts.history.steps.personWhoLeft;
}

/** "Ana's brush stroke". */
export function whoseStep(step: StepWords & Pick<Step, "person">): string {
  return texts.history.steps.whose(personName(step.person), stepWord(step));
}

/** "1,204 px", and what was refused of it. */
export function pixelsText({ nPixels, nRefused }: Pick<Step, "nPixels" | "nRefused">): string {
  const text = nPixels === 0 ? texts.history.steps.noPixels : texts.history.steps.pixels(nPixels);
  return nRefused > 0 ? texts.history.steps.withRefused(text, nRefused) : text;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
