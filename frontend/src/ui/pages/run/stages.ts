/** Names of stages as the engines report them, in words. */
import * as texts from "../../../texts/pages";

export const STAGES: Readonly<Record<string, string>> = {
  starting: texts.run.startingEngine,
  preparing: texts.run.stages.preparing,
  loading: texts.run.stages.loading,
  resumed: texts.run.stages.goingOn,
  trying: texts.run.stages.trying,
  tried: texts.run.stages.chose,
  training: texts.run.stages.training,
  thresholds: texts.run.stages.thresholds,
  saving: texts.run.stages.saving,
  measuring: texts.run.stages.measuring,
  done: texts.run.stages.finishing,
};
