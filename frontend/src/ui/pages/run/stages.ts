/** Names of stages as the engines report them, in words. */
export const STAGES: Readonly<Record<string, string>> = {
  starting: "Starting the engine",
  preparing: "Preparing the data",
  loading: "Loading images and labels",
  resumed: "Going on from the last checkpoint",
  trying: "Trying ways of training",
  tried: "Chose a way of training",
  training: "Training",
  thresholds: "Fitting the thresholds",
  saving: "Saving the version",
  measuring: "Measuring on blind validation",
  done: "Finishing",
};
