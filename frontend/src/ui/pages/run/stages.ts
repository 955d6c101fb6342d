/** Names of stages as the engines report them, in words. */
export const STAGES: Readonly<Record<string, string>> = {
  starting: "Starting the engine",
  preparing: "Preparing the data",
  loading: "Loading images and labels",
  resumed: "Going on from the last checkpoint",
  training: "Training",
  thresholds: "Fitting the thresholds",
  saving: "Saving the version",
  measuring: "Measuring on blind validation",
  done: "Finishing",
};
