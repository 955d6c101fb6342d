/** Comparing two layers. */
import { count, plural } from "./numbers";

export const compare = {
  title: "Compare",
  differences: "Differences",
  listed: (n: number) => `${count(n)} listed`,
  what: "Two versions' drafts, a draft and what became of it, or two people's objects.",
  noDraftYet: "This image has no draft to compare with yet: see Drafts above.",
  open: "Compare two layers",
  swapAandB: "Swap A and B",
  swap: "Swap",
  curtainHelp: "Curtain: A at the left of it, B at the right",
  curtain: "Curtain",
  close: "Close the comparison",
  closeShort: "Close",
  before: "A (before)",
  after: "B (after)",
  again: "Compare again",
  inView: "Compare what is in view",
  kinds: "Kinds of differences that are drawn and listed",
  nothingDiffers: "Nothing differs between these two.",
  onlyInView: "Only what was in view is compared.",
  inViewNow: "Compare what is in view now",
  mostChanged: (nLoaded: number, nGroups: number) =>
    `The ${count(nLoaded)} most changed of ${count(nGroups)} are listed and drawn.`,
  blindLeftOut: "What lies in an open blind validation region is left out.",
  howDrawn:
    "A is dashed, B solid. Click an object in the image to find it here. Painting is off meanwhile.",
  previous: "Previous difference",
  previousShort: "Previous",
  next: "Next difference",
  nextShort: "Next",
  place: (nth: number, n: number) => `${count(nth)} of ${count(n)}`,
  closed: "Comparison closed. You can paint again.",
  nothingListed: "No difference of the chosen kinds is listed.",
  comparing: "Comparing…",
  chooseTwoLayers: "Choose two different layers.",
  comparingPart: (done: number, all: number) => `Comparing… ${count(done)} of ${count(all)} pieces`,
  compared: (n: number) => `Compared: ${count(n)} differences.`,
  noPair:
    "There is nothing to compare yet: it takes a draft, or a second person's annotation layer.",
  paintingIsOff:
    "Painting and deciding are off while two layers are compared: press {key:compare} to go back.",
  hidden:
    "Drafts are hidden while an open blind validation region is in view, and so is what they differ in.",
  note: (a: string, b: string) => `${a} (A, dashed) against ${b} (B, solid). Painting is off.`,
  parts: (nA: number, nB: number) => `${nA} → ${plural(nB, "object")}`,
  changed: (nPixels: number) => `${count(nPixels)} px`,
  moved: (iou: number, nPixels: number) => `IoU ${iou.toFixed(2)}, ${count(nPixels)} px differ`,
  layer: (name: string, isDraft: boolean, nObjects: number) =>
    `${name} (${isDraft ? "draft" : "people"}, ${count(nObjects)})`,
  spoken: (kind: string, what: string, where: string) => `${kind}, ${what}. ${where}.`,
  curtains: {
    handle: "Curtain: A at the left, B at the right. Arrow keys move it.",
    shareOfA: (percent: number) => `${percent} % for A`,
    left: (a: string) => `A: ${a}`,
    right: (b: string) => `B: ${b}`,
  },
  differenceKinds: {
    split: {
      label: "Split",
      help: "One object of A is several in B",
    },
    merged: {
      label: "Merged",
      help: "Several objects of A are one in B",
    },
    vanished: {
      label: "Vanished",
      help: "Only in A",
    },
    appeared: {
      label: "Appeared",
      help: "Only in B",
    },
    moved: {
      label: "Moved or reshaped",
      help: "The same object, but less than nine tenths of both is shared (0.5 < IoU < 0.9)",
    },
    same: {
      label: "Same",
      help: "In A and in B alike (IoU of at least 0.9)",
    },
  },
};
