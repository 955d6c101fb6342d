/** Edits that take a while: how far they are, and what is told of one that ended before all was done. */

const count = (n: number) => n.toLocaleString("en");

const DOING: Record<string, string> = {
  delete: "Deleting",
  merge: "Merging",
  accept: "Accepting",
  undo: "Taking back",
  redo: "Doing again",
};
const DONE: Record<string, string> = { delete: "deleted", merge: "merged" };

export const longEdits = {
  progress: (kind: string, part: number) =>
    `${DOING[kind] ?? "Working"}: ${Math.floor(part * 100)} %`,
  waits: "Waiting until the server has saved what is done.",
  stop: "Stop here",
  stopped: "Stopped.",
  lost: "A part could not be changed.",
  changedInPart: (why: string, kind: string, nDone: number, nAll: number) =>
    `${why} ${count(nDone)} of ${count(nAll)} objects are ${DONE[kind] ?? "changed"}; those that ` +
    "lie across the edge of that part are cut. Undo takes all of it back.",
  acceptedInPart: (why: string, nDone: number, nAll: number) =>
    `${why} ${count(nDone)} of ${count(nAll)} objects were gone through, the others still wait. ` +
    "Undo takes these back.",
  reversedInPart: (why: string, kind: string) =>
    kind === "undo"
      ? `${why} Only a part was taken back; undo again goes on.`
      : `${why} Only a part was done again; redo again goes on.`,
};
