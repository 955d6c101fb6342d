/** The tour as a machine: which step it is at, and what of it is done. Nothing of the screen. */
import type { TourStep } from "../../api/tour";

export type TourTask =
  | "zoom"
  | "move"
  | "brush"
  | "size"
  | "paint"
  | "edge"
  | "undo"
  | "redo"
  | "panel"
  | "help";

/** What ends each step, in the order in which it can be done. */
export const TASKS: Readonly<Record<TourStep, readonly TourTask[]>> = {
  look: ["zoom", "move"],
  brush: ["brush", "size"],
  paint: ["paint"],
  edge: ["edge"],
  undo: ["undo", "redo"],
  find: ["panel", "help"],
};

const PAINTERS_STEPS: readonly TourStep[] = ["look", "brush", "paint", "edge", "undo", "find"];
const VIEWERS_STEPS: readonly TourStep[] = ["look", "find"];

/** Who may not paint is not told to. */
export function stepsFor(mayAnnotate: boolean): readonly TourStep[] {
  return mayAnnotate ? PAINTERS_STEPS : VIEWERS_STEPS;
}

/** Where the tour is: at a step with some of its tasks done, or at its end. */
export interface TourPlace {
  readonly step: TourStep | "end";
  readonly done: readonly TourTask[];
}

export function startAt(step: TourStep, steps: readonly TourStep[]): TourPlace {
  return { step: steps.includes(step) ? step : (steps[0] ?? "end"), done: [] };
}

/** The next step, with nothing of it done. */
export function next(place: TourPlace, steps: readonly TourStep[]): TourPlace {
  if (place.step === "end") return place;
  return { step: steps[steps.indexOf(place.step) + 1] ?? "end", done: [] };
}

/** The person did something; the last task of a step leads to the next one. */
export function did(place: TourPlace, task: TourTask, steps: readonly TourStep[]): TourPlace {
  if (place.step === "end" || place.done.includes(task)) return place;
  const tasks = TASKS[place.step];
  if (!tasks.includes(task)) return place;
  // Nothing can be done again that was not taken back.
  if (task === "redo" && !place.done.includes("undo")) return place;
  const done = [...place.done, task];
  return done.length === tasks.length ? next(place, steps) : { step: place.step, done };
}
