/** Runs of a project, newest first. */

import type { Run } from "../../../api/page_types";
import { address } from "../../../api/pages";
import { duration, engineTitle } from "../format";
import { RunBadge } from "../parts/Badge";
import { secondsTrained, whereItStands } from "../parts/standing";
import { Time } from "../parts/Time";

export function RunsTable({ runs, mayTrain }: { runs: readonly Run[]; mayTrain: boolean }) {
  return (
    <section class="panel flush" aria-label="Runs">
      <div class="panel-head">
        <h2>Runs</h2>
      </div>
      {runs.length === 0 ? (
        <p class="muted" style={{ padding: "1rem" }}>
          No run yet. A run takes the submitted regions, trains an engine on them in the background,
          and leaves a model version.{" "}
          {mayTrain ? <a href="#train">Train a model</a> : "An owner or reviewer can start one."}
        </p>
      ) : (
        <div class="table-wrap">
          <table>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Engine</th>
                <th scope="col">State</th>
                <th scope="col">Progress</th>
                <th scope="col">Started</th>
                <th scope="col">Made</th>
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
        <a href={address.run(run.id)}>Run {run.number}</a>
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
        {run.version ? <a href={address.version(run.version.id)}>v{run.version.number}</a> : "–"}
      </td>
    </tr>
  );
}

function howFar(run: Run): string {
  const { stage, epoch, of, seconds_left: left } = run.progress;
  if (run.state === "queued") return "Waits for a worker";
  if (run.state === "paused") return `stands ${whereItStands(run.progress)}`;
  if (run.state === "running") {
    const parts = [
      epoch && of ? `epoch ${epoch} of ${of}` : (stage ?? "starting"),
      left ? `about ${duration(left)} left` : "",
    ];
    return parts.filter(Boolean).join(", ");
  }
  if (run.state === "finished" && run.finished_at) {
    return `took ${duration(secondsTrained(run) ?? 0)}`;
  }
  return run.error_message ?? "";
}
