import fc from "fast-check";
import { expect, test } from "vitest";
import {
  did,
  next,
  startAt,
  stepsFor,
  TASKS,
  type TourPlace,
  type TourTask,
} from "../../src/ui/editor/tour_steps";

const STEPS = stepsFor(true);
const ALL_TASKS = Object.values(TASKS).flat();
const order = (place: TourPlace) =>
  place.step === "end" ? STEPS.length : STEPS.indexOf(place.step);

test("doing every task in order leads through every step to the end", () => {
  let place = startAt("look", STEPS);
  for (const step of STEPS) {
    expect(place.step).toBe(step);
    for (const task of TASKS[step]) place = did(place, task, STEPS);
  }
  expect(place).toEqual({ step: "end", done: [] });
});

test("a tour only goes forward, one step at a time, and only by what its step asks for", () => {
  const tasks = fc.array(fc.constantFrom(...ALL_TASKS), { maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(...STEPS), tasks, (first, things) => {
      let place = startAt(first, STEPS);
      for (const task of things) {
        const now = did(place, task, STEPS);
        expect([0, 1]).toContain(order(now) - order(place));
        const isAsked = place.step !== "end" && TASKS[place.step].includes(task);
        if (!isAsked || place.done.includes(task)) expect(now).toBe(place);
        if (now.step !== place.step) expect(now.done).toEqual([]);
        if (place.step !== "end" && now.step !== place.step) {
          expect([...place.done, task].sort()).toEqual([...TASKS[place.step]].sort());
        }
        place = now;
      }
    }),
  );
});

test("nothing is done again before it was taken back", () => {
  const place = startAt("undo", STEPS);
  expect(did(place, "redo", STEPS)).toBe(place);
  const undone = did(place, "undo", STEPS);
  expect(undone).toEqual({ step: "undo", done: ["undo"] });
  expect(did(undone, "redo", STEPS).step).toBe("find");
});

test("skipping leads on with nothing done, and ends", () => {
  const begun = did(startAt("look", STEPS), "zoom", STEPS);
  expect(next(begun, STEPS)).toEqual({ step: "brush", done: [] });
  expect(next(startAt("find", STEPS), STEPS).step).toBe("end");
  const end: TourPlace = { step: "end", done: [] };
  expect(next(end, STEPS)).toBe(end);
});

test("who may only look is not told to paint", () => {
  const steps = stepsFor(false);
  const painting: readonly TourTask[] = ["brush", "size", "paint", "edge", "undo", "redo"];
  expect(steps.flatMap((step) => TASKS[step]).filter((task) => painting.includes(task))).toEqual(
    [],
  );
  // Where a painter was, and is no longer one.
  expect(startAt("edge", steps).step).toBe("look");
  expect(next(startAt("look", steps), steps).step).toBe("find");
});
