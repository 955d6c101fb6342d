/** Whether strokes are saved, and what becomes of those that are not. */
import { count, plural } from "./numbers";

export const saving = {
  nAside: (n: number) => `${count(n)} not saved`,
  asideHelp: "Strokes that the server did not take: decide what becomes of them",
  saved: "Saved",
  saving: "Saving…",
  offline: (nStrokes: number) => `Offline, ${plural(nStrokes, "stroke")} kept here`,
  serverTrouble: (nStrokes: number) => `Not saved yet, ${plural(nStrokes, "stroke")} kept here`,
  loginNeeded: (nStrokes: number) => `Signed out, ${plural(nStrokes, "stroke")} kept here`,
  refused: (nStrokes: number) => `Not saved: ${plural(nStrokes, "stroke")}`,
  storageBlocked: (nStrokes: number) => `${plural(nStrokes, "stroke")} not saved yet`,
  tryNow: "Try again now",
  allOnServer: "Every stroke is on the server",
  keptHere: (why: string) => `${why} Your strokes are kept here and sent later.`,
  signInAgain: "Please sign in again; your strokes are kept.",
  waitBeforeLeaving: "Wait until saved before you leave: no storage here.",
  sentLater: (message: string) => `${message} Your strokes are kept here and sent later.`,
  unknownReason: "Saving failed for an unknown reason; your strokes are kept here and tried again.",
  aside: {
    title: "Strokes that could not be saved",
    whatTheseAre: "The server did not take these. They are kept in this browser until you decide.",
    noneLeft: "None is left.",
    showPlace: "Show the place",
    show: "Show",
    download: "Download",
    discardForGood: "Discard for good",
    discard: "Discard",
    discardQuestion: "Discard for good?",
    damaged: "What was kept of this stroke on this computer is damaged.",
    cannotBeSent: "This stroke is damaged and cannot be sent again.",
    takenElsewhere: "This stroke is not in the list any more: another tab took it.",
  },
  conflict: {
    show: "Show",
    useMine: "Use mine",
    mineUsed: (nPixels: number) =>
      `Your version is used now: ${plural(nPixels, "pixel")} written. Undo takes it back.`,
    nothingWritten: "Nothing had to be written: these pixels are as you wanted them.",
    decide: "Decide",
    refused: (nPixels: number, isUndo: boolean) =>
      `Someone else changed ${count(nPixels)} px ${isUndo ? "since; undo left them as they are." : "while you painted; your version was not used there."}`,
    nAside: (n: number) =>
      `${plural(n, "stroke")} could not be saved and ${n === 1 ? "is" : "are"} kept.`,
  },
};
