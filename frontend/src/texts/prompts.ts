/** Objects that a model finds by a click. */

export const prompts = {
  modelToAsk: "Model to ask",
  newestVersion: "The newest version",
  noWeights: (title: string) => `${title}: no weights yet`,
  help: "Click an object, or drag a box around it.",
  threshold: "Threshold",
  keep: "Keep",
  drop: "Drop",
  asking: "Asking the model…",
  theModel: "the model",
  noWorker: (engine: string | undefined, name: string) =>
    `No worker of ${engine} runs now: ${name} answers when one is started.`,
  looking: (name: string) => `${name} is looking…`,
  workerIsBusy: "The worker is busy and has not answered; try again later.",
  nothingFound: "Nothing was found there.",
  found: (by: string, score: number, seconds: number) =>
    `${by}: ${score} % sure, ${seconds.toFixed(1)} s. Click it or press {key:keep-found} to keep it.`,
};
