/** Many objects chosen at once, of the annotation or of the draft; pure. */

export type Among = "annotation" | "draft";
export type ChooseHow = "replace" | "add" | "remove";

/** Never changed in place: another set is another object. */
export interface ChosenSet {
  readonly among: Among;
  readonly ids: ReadonlySet<number>;
}

export const NONE_CHOSEN: ChosenSet = { among: "annotation", ids: new Set() };

/** What is chosen after these ids of a layer are; those of the other layer are chosen no more. */
export function chosenAfter(
  before: ChosenSet,
  among: Among,
  ids: Iterable<number>,
  how: ChooseHow,
): ChosenSet {
  const kept = before.among === among && how !== "replace" ? before.ids : [];
  const after = new Set(kept);
  for (const id of ids) {
    if (how === "remove") after.delete(id);
    else after.add(id);
  }
  return { among, ids: after };
}

/** Choose one more, or one less. */
export function chosenWith(before: ChosenSet, among: Among, id: number): ChosenSet {
  const isChosen = before.among === among && before.ids.has(id);
  return chosenAfter(before, among, [id], isChosen ? "remove" : "add");
}

/** Ids that are in one of two sets only. */
export function differing(one: ReadonlySet<number>, other: ReadonlySet<number>): number[] {
  const only = (from: ReadonlySet<number>, without: ReadonlySet<number>) =>
    [...from].filter((id) => !without.has(id));
  return [...only(one, other), ...only(other, one)];
}
