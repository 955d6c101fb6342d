/** Regions, what is promised about them, suggestions. */
import { count, plural } from "./numbers";

export const regions = {
  title: "Regions",
  why: "Only what lies in a submitted region teaches a model.",
  declareOne: "Declare the whole image, or draw a box around the part you annotate.",
  noneDeclared: "Nobody has declared one here yet; the role annotator may.",
  declareWholeImage: "Declare the whole image",
  wholeImage: "Whole image",
  drawBox: "Draw a box",
  holds: (width: number, height: number, nObjects: number) =>
    `${count(width)} × ${count(height)} px with ${plural(nObjects, "object")}`,
  whatIsAnnotated: "What is annotated",
  whatItIsFor: "What it is for",
  open: "Open region",
  frozen:
    "Models use the labels as they were when it was submitted. To change them, reopen it, correct, and submit again.",
  reopenRegion: "Reopen region",
  reopen: "Reopen",
  nextSuggestion: "Next suggestion",
  submit: "Submit region",
  removeRegion: "Delete region",
  remove: "Delete",
  suggested: "Suggested:",
  newRegion: "New region",
  boxIsBlind: " · blind",
  drawn: "Region drawn. Say what it holds in the side panel.",
  opened: "Region opened. Annotate it, then submit it.",
  linkIsGone: "The region of this link is not there any more.",
  chosen: "Region chosen",
  chooseFirst: "Choose a region in the side panel first.",
  submittedAlready: "This region is submitted already.",
  removed: "Region deleted. The objects in it stay.",
  submitting: "Sending the last strokes, then the region is submitted…",
  submitted: (nObjects: number, use: string) =>
    `Region submitted with ${plural(nObjects, "object")}, ready for ${use}.`,
  suggestion: "Next suggestion",
  noSuggestionLeft: "No suggestion is left. Back to the project…",
  isBlind: " · blind validation",
  submittingKeeps: (nObjects: number) =>
    `Submitting keeps a copy of the ${plural(nObjects, "object")} inside as they are now.`,
  learnsFromCopy: "The next training learns from that copy.",
  measuredAgainst: "Every model version is measured against it.",
  depth: {
    title: "Planes",
    first: "First plane",
    to: "to",
    last: "Last plane",
    thisOneHelp: "This one: the plane that is shown",
    thisOne: "This one",
    allPlanes: "All planes",
    all: "All",
    holdsIn: (depth: number) =>
      `What you declare holds in ${plural(depth, "plane")}: engines for stacks learn from the whole block, others from each plane.`,
  },
  useOf: {
    training: "the next training",
    blind: "measuring models",
  },
  coverages: {
    complete: {
      label: "Complete",
      help: "Every object inside is annotated. All pixels teach, background too.",
    },
    positivesOnly: {
      label: "Positives only",
      help: "What is annotated is right, but objects are missing. Only annotated pixels teach.",
    },
    ignore: {
      label: "Ignore",
      help: "Artefacts or unclear parts. Nothing here teaches.",
    },
  },
  purposes: {
    training: {
      label: "Training",
      help: "The next model learns from it.",
    },
    blind: {
      label: "Blind validation",
      help: "Drawn without seeing a draft and never trained on: it measures how good models are. Drafts stay hidden until it is submitted.",
    },
  },
  states: { open: "open", submitted: "submitted" },
};
