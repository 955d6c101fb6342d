/** Versions measured on the newest set, best first: only these numbers may be compared. */

import type { Leader } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { duration, engineTitle } from "../format";
import { NumberHead } from "../parts/NumberHead";
import { ScoreCells, ScoreHeads } from "../parts/ScoreColumns";
import { originInWords } from "../parts/scores";

export function Leaderboard({ leaders }: { leaders: readonly Leader[] }) {
  const best = leaders[0];
  if (best === undefined) return null;
  const { n_instances: objects = 0, n_images: images = 0 } = best.metrics;
  return (
    <section class="panel flush" aria-label={texts.training.leaderboard.title}>
      <div class="panel-head">
        <h2>{texts.training.leaderboard.title}</h2>
        <p class="hint">
          {texts.training.leaderboard.measuredOn(best.training_set.number, objects, images)}
        </p>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.training.leaderboard.place}</th>
              <th scope="col">{texts.training.leaderboard.version}</th>
              <th scope="col">{texts.training.leaderboard.engine}</th>
              <ScoreHeads />
              <th scope="col">{texts.training.leaderboard.trainedFrom}</th>
              <NumberHead>{texts.training.leaderboard.trainedIn}</NumberHead>
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
        <a href={address.version(version.id)}>{texts.common.version(version.number)}</a>
      </th>
      <td>{engineTitle(version.engine)}</td>
      <ScoreCells scores={metrics.pooled} />
      <td>
        {parent ? (
          <a href={address.version(parent.id)}>{texts.common.version(parent.number)}</a>
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
