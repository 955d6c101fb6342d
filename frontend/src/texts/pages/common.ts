/** Words of many pages. */
import { plural } from "../numbers";

export const common = {
  copied: "Copied",
  pressCtrlC: "Press Ctrl+C",
  partNotLoaded: "This part of the page could not be loaded. Load the page again.",
  none: "None.",
  measureAgain: "Measure again",
  noClass: "no class",
  tryAgain: "Try again",
  version: (number: number) => `v${number}`,
  loading: "Loading…",
  setHolds: (nObjects: number, nRegions: number, nImages: number) =>
    `: ${plural(nObjects, "object")} in ${plural(nRegions, "region")}, ${plural(nImages, "image")}`,
  set: (number: number) => `Set ${number}`,
  engineVersion: (engine: string, number: number) => `${engine} v${number}`,
  imageStates: {
    waiting: "Waiting",
    reading: "Being read",
    ready: "Ready",
    failed: "Failed",
  },
  runStates: {
    queued: "Waiting",
    running: "Running",
    paused: "Paused",
    finished: "Finished",
    failed: "Failed",
    error: "Error",
    cancelled: "Cancelled",
    lost: "Lost",
  },
  credits: {
    learntFrom: (nImages: number, nSets: number) =>
      `Learnt from ${plural(nImages, "image")} of ${plural(nSets, "public data set")}`,
    dataset: (name: string, nObjects: number, nImages: number, licence: string) =>
      `${name}: ${plural(nObjects, "object")} on ${plural(nImages, "image")}, ${licence},`,
  },
  fast: {
    notMeasured: "Fast drafts: not measured yet, since they were switched on later.",
    cost: (fast: string, exact: string, same: string) =>
      `Fast drafts: AP50 ${fast} instead of ${exact}; ${same}.`,
    nothingToCompare: "there was no object to compare",
    shareSame: (percent: number) => `${percent} % of the objects the same`,
  },
  scores: {
    ap50: "AP50",
    ap50Help: "Average precision: found and right, of all that is there or was drafted",
    f1: "F1",
  },
  origins: {
    scratch: "from scratch",
    official: (name: string | undefined) => `from official ${name}`,
    starter: (name: string | undefined) => `starter model ${name}`,
    version: (name: string | undefined) => `from v${name}`,
    earlier: "from an earlier version",
    upload: "uploaded",
  },
  underWay: {
    time: (time: number, times: number) => `time ${time} of ${times}`,
    plane: (plane: number, planes: number) => `plane ${plane} of ${planes}`,
    part: (number: number, of: number) => `part ${number} of ${of}`,
  },
  times: {
    minutesSeconds: (minutes: number, seconds: number) => `${minutes} min ${seconds} s`,
    hoursMinutes: (hours: number, minutes: number) => `${hours} h ${minutes} min`,
    minutes: (minutes: number) => `${minutes} min`,
  },
  values: {
    yes: "yes",
    no: "no",
    none: "none",
  },
  engines: {
    stardist: "StarDist",
    cellpose: "Cellpose",
    threshold: "Threshold",
  },
};
