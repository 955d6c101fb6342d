/** The training page: start a run, watch runs, compare versions. */

import { useEffect, useMemo } from "preact/hooks";
import type { StackDrafts as Way } from "../../../api/page_types";
import { projectNews } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import type { IslandProps } from "../islands";
import { settle } from "../live";
import { Problem } from "../parts/Problem";
import { FastDrafts } from "./FastDrafts";
import { Leaderboard } from "./Leaderboard";
import { RunForm } from "./RunForm";
import { RunsTable } from "./RunsTable";
import { StackDrafts } from "./StackDrafts";
import { Starters } from "./Starters";
import { StartersState } from "./starter_state";
import { TrainingState } from "./state";
import { UploadModel } from "./UploadModel";
import { VersionsTable } from "./VersionsTable";

export default function Training({ data }: IslandProps) {
  const project = data["project"] ?? "";
  const mayTrain = Boolean(data["review"]);
  const state = useMemo(() => new TrainingState(project), [project]);
  const starters = useMemo(() => new StartersState(project), [project]);

  useEffect(() => {
    void state.load();
    void starters.load();
    const reload = settle(500, 2000, () => void state.load());
    const reloadStarters = settle(500, 2000, () => void starters.load());
    const news = projectNews(project, (type) => {
      if (["run", "version", "evaluation", "resync"].includes(type)) reload();
      if (["upload", "resync"].includes(type)) reloadStarters();
    });
    return () => news.close();
  }, [project, state, starters]);

  if (state.problem.value && !state.loaded.value) {
    return <Problem text={state.problem.value} onRetry={() => void state.load()} />;
  }
  if (!state.loaded.value) return <p class="muted">{texts.common.loading}</p>;
  const cards = <Starters starters={starters} state={state} mayAdd={mayTrain} />;
  const isNew = state.versions.value.length === 0;
  return (
    <div class={mayTrain ? "columns form-first" : "stack"}>
      <div class="stack">
        <Leaderboard leaders={state.leaders.value} />
        {isNew && cards}
        <VersionsTable versions={state.versions.value} />
        <FastDrafts
          project={project}
          isFast={Boolean(data["fast"])}
          mayChange={Boolean(data["own"])}
          mayMeasure={mayTrain}
          versions={state.versions.value}
        />
        {data["stacks"] && (
          <StackDrafts
            project={project}
            way={data["stackDrafts"] as Way}
            mayChange={Boolean(data["own"])}
            mayPredict={mayTrain}
            versions={state.versions.value}
          />
        )}
        <RunsTable runs={state.runs.value} mayTrain={mayTrain} />
        {!isNew && cards}
        {mayTrain && <UploadModel state={state} />}
      </div>
      {mayTrain && <RunForm state={state} isReady={Boolean(data["ready"])} />}
    </div>
  );
}
