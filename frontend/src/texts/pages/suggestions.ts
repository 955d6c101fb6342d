/** Regions that are worth painting next. */

export const suggestions = {
  title: "What to paint next",
  ask: "Suggest regions",
  askForOthers: "Suggest others",
  choosing: "Choosing",
  choosingRegions: "Choosing regions",
  couldNotBeChosen: "The regions could not be chosen. Ask again.",
  whatItDoes:
    "Ask for regions, and cytoloop picks those that teach a model most for the time they take: typical ones before the first training, doubtful ones after it. Each says why.",
  nobodyAsked: "Nobody has asked for suggestions yet. An annotator of this project can.",
  allGone:
    "All suggestions were skipped or are gone. Ask for others, or open any image below and declare a region where you like.",
  allSubmitted: "All suggested regions are submitted: train now, or ask for others and paint on.",
  showFewer: "Show fewer",
  showMore: (more: number) => `Show ${more} more`,
  time: (t: number, nT: number) => `time ${t} of ${nT}`,
  plane: (z: number, nZ: number) => `plane ${z} of ${nZ}`,
  waitingForWorker: "Waiting for a worker",
  progress: (words: string, done: number, of: number) => `${words}: ${done} of ${of}`,
  mayTake: (stage: string) => `${stage}. This may take a minute; you can go on working.`,
  card: {
    blind: "Blind validation",
    blindHelp: "Drawn without seeing a draft; measures versions",
    training: "Training",
    beingPainted: "Being painted",
    submitted: "Submitted",
    placeOf: (name: string) => `Place of the region on ${name}`,
    look: "Look",
    goOn: "Go on",
    opening: "Opening…",
    paint: "Paint",
    skipHelp: "Not worth painting: do not suggest it again",
    skip: "Skip",
  },
  stages: {
    looking: "Looking at the images",
    doubting: "Doubting the drafts",
  },
};
