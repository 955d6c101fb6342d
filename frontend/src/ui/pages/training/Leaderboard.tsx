/** Versions measured on the newest set, best first: only these numbers may be compared. */

import type { Leader } from "../../../api/page_types";
import { address } from "../../../api/pages";
import { count, duration, engineTitle } from "../format";
import { ScoreCells, ScoreHeads } from "../parts/ScoreColumns";
import { originInWords } from "../parts/scores";

export function Leaderboard({ leaders }: { leaders: readonly Leader[] }) {
  const best = leaders[0];
  if (best === undefined) return null;
  const { n_instances: objects = 0, n_images: images = 0 } = best.metrics;
  return (
    <section class="panel flush" aria-label="Leaderboard">
      <div class="panel-head">
        <h2>Leaderboard</h2>
        <p class="hint">
          On the blind validation of set {best.training_set.number}, the newest:{" "}
          {count(objects, "object")} on {count(images, "image")}
        </p>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">Place</th>
              <th scope="col">Version</th>
              <th scope="col">Engine</th>
              <ScoreHeads />
              <th scope="col">Trained from</th>
              <th scope="col" class="num">
                Trained in
              </th>
            </tr>
          </thead>
          <tbody>
            {leaders.map((leader, index) => (
              <LeaderRow key={leader.version.id} leader={leader} place={index + 1} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function LeaderRow({ leader, place }: { leader: Leader; place: number }) {
  const { version, parent, metrics, trained_s } = leader;
  return (
    <tr>
      <td>{place}</td>
      <th scope="row">
        <a href={address.version(version.id)}>v{version.number}</a>
      </th>
      <td>{engineTitle(version.engine)}</td>
      <ScoreCells scores={metrics.pooled} />
      <td>
        {parent ? (
          <a href={address.version(parent.id)}>v{parent.number}</a>
        ) : (
          <span class="muted">{originInWords(version.origin ?? "")}</span>
        )}
      </td>
      <td class="num nowrap">
        {trained_s === null ? <span class="muted">–</span> : duration(trained_s)}
      </td>
    </tr>
  );
}
