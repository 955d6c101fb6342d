/** The history of an image: its steps, the past, when things happened. */
import { count, plural } from "./numbers";

export const history = {
  title: "History",
  close: "Close the history",
  whose: "Whose steps",
  everyones: "Everyone’s",
  onlyInView: "Only in what is on screen now",
  stepsOf: (instanceId: number) => `Steps of object ${instanceId}`,
  showAllObjects: "Show the steps of all objects",
  allObjects: "All objects",
  noStepFits: "No step fits what is chosen above.",
  showAll: "Show all steps",
  nothingYet:
    "Nothing was done here yet. Every stroke, accept and undo will be listed here: click one to see what the image was then, and to bring it back.",
  reading: "Reading…",
  older: "Older steps",
  showAsAfter: (step: string, when: string) =>
    `${step}, ${when}. Show the labels as they were after it.`,
  couldNotBeRead: "The history could not be read.",
  madeBy: (maker: string, when: string, draft: string, last: string) =>
    `Made by ${maker}${when && ` on ${when}`}${draft && `, accepted from ${draft}`}${last && `; last changed by ${last}`}.`,
  justNow: "just now",
  minutesAgo: (n: number) => `${n} min ago`,
  hoursAgo: (n: number) => `${n} h ago`,
  daysAgo: (n: number) => (n === 1 ? "1 day ago" : `${n} days ago`),
  past: {
    title: "The past",
    previous: "Previous step",
    next: "Next step",
    backToNow: "Back to now",
    isReadOnly:
      "This is the past, which is read only: press Esc to go back to now, then paint. What was lost can be restored from here.",
    isOldest: "This is the oldest step.",
    asItWas: (when: string, step: string) => `As it was on ${when}, after ${step} – read only`,
    clickToRestore: "Click an object to restore it as it was, or draw a box around a part.",
    comparing: "Comparing with now …",
    nothingToRestore: "That is now as it was then: there is nothing to restore.",
    restoring: (plan: string) => `Restoring: ${plan}.`,
  },
  restore: {
    object: (id: number) => `Restore object ${id}`,
    part: "Restore this part",
    drawBox: "Draw a box to restore",
    drawBoxShort: "Draw a box",
    allInView: "Choose all in view",
    allInViewShort: "All in view",
  },
  steps: {
    personWhoLeft: "a person who left",
    noPixels: "no pixels",
    backOf: (kind: "undo" | "redo", what: string) => `${kind} of ${what}`,
    accepting: (word: string, nObjects: number | null, draft: string | null) =>
      `${word}${nObjects ? ` ${plural(nObjects, "object")}` : ""}${draft ? ` of ${draft}` : ""}`,
    whose: (person: string, step: string) => `${person}’s ${step}`,
    pixels: (n: number) => `${count(n)} px`,
    withRefused: (pixels: string, nRefused: number) => `${pixels}, ${count(nRefused)} refused`,
  },
};
