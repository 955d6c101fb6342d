/** Runs of a project, newest first. */

import type { Run } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { duration, engineTitle } from "../format";
import { RunBadge } from "../parts/Badge";
import { secondsTrained, whereItStands } from "../parts/standing";
import { Time } from "../parts/Time";

export function RunsTable({ runs, mayTrain }: { runs: readonly Run[]; mayTrain: boolean }) {
  return (
    <section class="panel flush" aria-label={texts.training.runs.title}>
      <div class="panel-head">
        <h2>{texts.training.runs.title}</h2>
      </div>
      {runs.length === 0 ? (
        <p class="muted" style={{ padding: "1rem" }}>
          {texts.training.runs.none}{" "}
          {mayTrain ? (
            <a href="#train">{texts.training.form.title}</a>
          ) : (
            texts.training.runs.managersStart
          )}
        </p>
      ) : (
        <div class="table-wrap">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.training.runs.run}</th>
                <th scope="col">{texts.training.runs.engine}</th>
                <th scope="col">{texts.training.runs.state}</th>
                <th scope="col">{texts.training.runs.progress}</th>
                <th scope="col">{texts.training.runs.started}</th>
                <th scope="col">{texts.training.runs.made}</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <RunRow key={run.id} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function RunRow({ run }: { run: Run }) {
  return (
    <tr>
      <th scope="row">
        <a href={address.run(run.id)}>{texts.training.runs.one(run.number)}</a>
      </th>
      <td>{engineTitle(run.engine)}</td>
      <td>
        <RunBadge state={run.state} />
      </td>
      <td class="small">{howFar(run)}</td>
      <td class="nowrap">
        <Time at={run.started_at ?? run.created_at} />
      </td>
      <td>
        {run.version ? (
          <a href={address.version(run.version.id)}>{texts.common.version(run.version.number)}</a>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}

function howFar(run: Run): string {
  const { stage, epoch, of, seconds_left: left } = run.progress;
  if (run.state === "queued") return texts.training.runs.waits;
  if (run.state === "paused") return texts.training.runs.stands(whereItStands(run.progress));
  if (run.state === "running") {
    const parts = [
      epoch && of ? texts.training.runs.epochOf(epoch, of) : (stage ?? "starting"),
      left ? texts.training.runs.left(duration(left)) : "",
    ];
    return parts.filter(Boolean).join(", ");
  }
  if (run.state === "finished" && run.finished_at) {
    return texts.training.runs.took(duration(secondsTrained(run) ?? 0));
  }
  return run.error_message ?? "";
}
