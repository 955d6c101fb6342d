/** Rounds of painting and training. */
import { plural } from "../numbers";
import { pieces } from "../pieces";

export const rounds = {
  title: "Rounds",
  subtitle: "Paint, train, correct: once",
  noneYet:
    "The first round begins with the first stroke and ends with the first training. Then this shows what was labelled, how long it took, and how much better the model became.",
  now: "Now",
  showFewer: "Show fewer",
  showOlder: (more: number) => `Show ${plural(more, "older round")}`,
  nothingNew: "nothing new",
  submitToCount: "Submit a region to count it here",
  endsWithTraining: "Ends with the next training",
  trainToClose: "Train to close this round",
  runs: "runs",
  notMeasured: "not measured",
  where: (n_regions: number, n_images: number) =>
    `${plural(n_regions, "region")} on ${plural(n_images, "image")}`,
  noVersionYet: <T>(runs: T) => pieces("No version yet: see the ", runs),
  andMore: (n: number) => `and ${plural(n, "more version")}`,
  nObjects: (n: number) => plural(n, "object"),
  nEdits: (n: number) => plural(n, "edit"),
  columns: {
    round: "Round",
    labelled: "Labelled",
    time: "Time",
    timeHelp: "At work in the editor, all people together; pauses do not count",
    ap50Help: "Average precision at IoU 0.5 on the round's own blind validation regions",
    beforeAfter: "before → after",
  },
};
