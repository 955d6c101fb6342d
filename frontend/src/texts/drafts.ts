/** Drafts: the panel, the way through them, accepting many, maps of their engine. */
import { count, plural } from "./numbers";
import { pieces } from "./pieces";

export const drafts = {
  title: "Drafts",
  left: (left: number) => `${count(left)} left`,
  hiddenWhileBlind:
    "Drafts are hidden while an open blind validation region is in view, so that the labels drawn in it owe nothing to a model. Submit the region, or move away from it, to see drafts again.",
  version: "Version",
  showNone: "Show no draft",
  reviewed: "Reviewed objects",
  leftOf: (left: number, total: number) => `${count(left)} of ${count(total)} left`,
  nothingLeft:
    "Nothing of this draft is left to decide. Add what it missed, then declare a region under Regions, or go on to the next image.",
  previousOf: (word: string) => `Previous ${word}`,
  previous: "Previous",
  nextOf: (word: string) => `Next ${word}`,
  decide: "Decide about the chosen draft object",
  accept: "Accept",
  edit: "Edit",
  reject: "Reject",
  clickOrGo: (word: string) => `Click a dashed object, or go to the next ${word} one.`,
  showFinished: (n: number) =>
    `Show ${plural(n, "draft object")} over finished work (annotated or submitted), faded`,
  noneYet:
    "No draft yet: objects that a model finds appear here by themselves, ready to be corrected.",
  starter: "Add a starter model",
  trainOne: "train one",
  addStarter: <T>(starter: T, training: T) =>
    pieces(
      starter,
      ", which needs no training, ",
      training,
      " on what is painted, or let one that is there predict this image.",
    ),
  seeWhich: "see which there are",
  managersAdd: <T>(models: T) =>
    pieces(
      "An owner or reviewer of the project can add a starter model or train one: ",
      models,
      ".",
    ),
  facts: (id: number, areaPx: number, className: string) =>
    `Draft object ${id}, ${count(areaPx)} px${className && `, ${className}`}.`,
  loadAgain: "A new draft is here. Load the page again to see it.",
  acceptMany: {
    title: "Accept many at once",
    skipTouching: "Skip those that touch existing objects",
    keepExisting: "Keep existing pixels, take the rest",
    replaceCovered: "Replace what they cover",
    accept: (n: number) => `Accept ${plural(n, "object")}`,
    scoreFrom: "Score from",
    size: "Size in px",
    from: "from",
    to: "to",
    where: "Where",
    wholeImage: "In the whole image",
    inView: "In what is in view",
    region: (number: number, coverage: string) => `Region ${number}: ${coverage}`,
    whereTheyMeet: "Where they meet your objects",
    oneUndo: "One step of undo takes all of them back.",
    any: "any",
  },
  files: {
    saveAs: "Save as",
    outlines: "outlines (GeoJSON)",
    imageJ: "ImageJ ROIs",
    maps: "the engine's maps",
  },
  order: {
    title: "Order",
    doubt: "Most doubtful first",
    score: "Lowest score first",
    area: "Largest first",
    near: "Nearest next",
  },
  maps: {
    title: "Map",
    prob: "Object probability",
    dist: "Mean radius",
    flows: "Flows",
    cellprob: "Cell probability",
    foreground: "Foreground",
    whose: "Map of the draft's model",
    none: "None",
    legend: "Map",
    looking: "The model is looking…",
    hiddenWhileBlind: "Hidden: a blind region is in view, which is drawn without a model.",
    howFlowsAreRead:
      "The colour is the way to an object's middle: red to the right, blue down and left, green up and left.",
    workerIsBusy: "The worker is busy.",
    couldNotBeMade: (why: string) => `The map could not be made. ${why}`,
  },
  review: {
    newDraft: (name: string, nObjects: number) =>
      `A new draft is here: ${name}, ${plural(nObjects, "object")}.`,
    showIt: "Show it",
    nothingLeft: "Every object of this draft has been decided, or lies over finished work.",
    object: (id: number, doubt: string) => `Draft object ${id}. ${doubt}`,
    noDraft: "There is no draft to review.",
    hiddenWhileBlind: "Drafts are hidden while an open blind validation region is in view.",
    takenOver: (id: number) =>
      `Object ${id} is yours now. Correct it with the brush or the eraser.`,
    chooseFirst: "Choose a draft object first: click one, or press Tab for the next doubtful.",
    decided: (id: number, decision: string, nLeft: number) =>
      `Object ${id} ${decision}, ${nLeft} left`,
    acceptedMany: (n: number, nSkipped: number) =>
      `Accepted ${plural(n, "object")}.${nSkipped > 0 ? ` ${plural(nSkipped, "object")} skipped.` : ""}`,
    accepted: "accepted",
    rejected: "rejected",
  },
  nextWords: { doubt: "doubtful", score: "unsure", size: "largest", near: "nearest" },
};
