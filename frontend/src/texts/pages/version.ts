/** One model version and how good it is. */
import { count, plural } from "../numbers";

export const version = {
  drafted: "Every image has its draft of this version already.",
  queued: "Queued. Drafts appear in open editors as they are made.",
  made: "Made",
  licence: (licence: string) => `, licence ${licence}`,
  trainFurther: "Train further",
  predict: "Predict images",
  download: "Download",
  keepMaps: "Keep the engine's maps when predicting (images up to 4 megapixels)",
  lineage: "Lineage",
  apChart: {
    label: "AP over IoU threshold; the numbers are in the table",
    threshold: "IoU threshold",
  },
  drafts: {
    cancelQuestion: (waiting: number) =>
      `Cancel ${plural(waiting, "waiting draft")}? Those made already stay.`,
    cancel: "Cancel the waiting ones",
    made: (nMade: number, nWaiting: number, nRunning: number) =>
      `${plural(nMade, "draft")} made, ${count(nWaiting)} waiting${nRunning > 0 ? `, ${nRunning} being made` : ""}.`,
  },
  examples: {
    title: "Examples",
    byPeople: "drawn by people",
    byVersion: "drawn by this version",
    label: (name: string) => `${name} with the outlines drawn by people and by this version`,
    ap50: (score: string) => `, AP50 ${score}`,
  },
  classes: {
    title: "Each class",
    className: "Class",
    there: "There",
    found: "Found",
    ap50Help: "Found and of the right class, of all that is there or was drafted as it",
    precision: "Precision",
    recall: "Recall",
    takenFor: "Taken for",
    noneFound: "No object whose class is known was found at IoU 0.5.",
    accuracy: (share: string, nObjects: number) =>
      `${share} of ${plural(nObjects, "object")} found at IoU 0.5 got the right class.`,
  },
  measured: {
    quality: "Quality",
    qualityOn: (split: string) => `Quality on ${split}`,
    compareWith: "Compare with",
    nothing: "nothing",
    rival: (number: number, engine: string) => `v${number} (${engine})`,
    counted: "Counted",
    pooled: "over all objects",
    mean: "as the mean of images",
    ap50Note: "found and right, of all",
    f1Note: "at IoU 0.5",
    pqNote: "panoptic: DQ times SQ",
    countError: "Count error",
    foundAndThere: (nFound: string, nThere: string) => `${nFound} found, ${nThere} there`,
    iou: "IoU",
    ap: "AP",
    difference: "Difference",
    f1: "F1",
    basis: (nObjects: number, nImages: number, set: number | undefined, isValidation: boolean) => {
      const frozen = set === undefined ? "" : `, as frozen in set ${set}`;
      const chosen = isValidation
        ? ". Thresholds and the best epoch were chosen on them too; test images are stricter."
        : "";
      return `${plural(nObjects, "object")} on ${plural(nImages, "image")} that did not teach${frozen}${chosen}`;
    },
    against: (rival: string) => `against ${rival}`,
    dqNote: "detection",
    sqNote: "outlines",
    splits: {
      validation: "blind validation",
      test: "the test images",
    },
  },
  images: {
    title: "Each image",
    worstFirst: "Worst first",
    image: "Image",
    there: "There",
    found: "Found",
    countError: "Count error",
    pq: "PQ",
  },
  unmeasured: {
    title: "Not measured",
    noRegion:
      "Its training set holds no region for blind validation. Declare and submit one on an image that does not teach, and train again.",
    seeImages: "See the images",
    notTrainedHere:
      "It was not trained here. Train it further: then both are measured on the same blind validation regions.",
    ofSet: (number: number) => ` of set ${number}`,
    failed: (split: string, where: string, why: string) =>
      `It could not be measured on the ${split} regions${where}: ${why}`,
    underWay: (isQueued: boolean, split: string, where: string) =>
      `${isQueued ? "Waits to be measured" : "Is being measured"} on the ${split} regions${where}. The numbers appear here by themselves.`,
  },
  starter: {
    title: "Starter model",
    named: (title: string) => `Starter model: ${title}`,
    finds: (objects: string, ap50: string) =>
      `Finds ${objects}. AP50 ${ap50} on images like those that taught it.`,
  },
  facts: {
    title: "What it was made from",
    trainingSet: "Training set",
    sha256: "Its sha256",
    run: "Run",
    runNumber: (number: number) => `Run ${number}`,
    classes: "Classes it tells apart",
    seed: "Seed",
    weights: "Weights, sha256",
    trainedOn: "Trained on",
    thresholds: "Thresholds and channels",
    software: "Software",
    parameters: "Parameters",
  },
};
