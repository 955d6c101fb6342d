/** Model versions with their scores on blind validation. */

import type { Version } from "../../../api/page_types";
import { address } from "../../../api/pages";
import { engineTitle, score } from "../format";
import { Delta } from "../parts/Delta";
import { ScoreCells, ScoreHeads } from "../parts/ScoreColumns";
import { gain, newest, originInWords } from "../parts/scores";
import { Time } from "../parts/Time";

export function VersionsTable({ versions }: { versions: readonly Version[] }) {
  return (
    <section class="panel flush" aria-label="Model versions">
      <div class="panel-head">
        <h2>Model versions</h2>
        <p class="hint">
          Scores on blind validation, objects of all images together, matched at IoU 0.5
        </p>
      </div>
      {versions.length === 0 ? (
        <p class="muted" style={{ padding: "1rem" }}>
          No version yet: a <a href="#starters">starter model</a> or the first finished run makes
          v1.
        </p>
      ) : (
        <div class="table-wrap">
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Engine</th>
                <ScoreHeads />
                <th scope="col" class="num">
                  <abbr title="Panoptic quality: detection times segmentation quality">PQ</abbr>
                </th>
                <th scope="col">Started</th>
                <th scope="col" class="num">
                  <abbr title="Change of AP50 against the version it started from, on the same regions">
                    Gain
                  </abbr>
                </th>
                <th scope="col">Made</th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <VersionRow key={version.id} version={version} versions={versions} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function VersionRow({ version, versions }: { version: Version; versions: readonly Version[] }) {
  const scores = newest(version.evaluations)?.metrics.pooled;
  return (
    <tr>
      <th scope="row">
        <a href={address.version(version.id)}>v{version.number}</a>
      </th>
      <td>{engineTitle(version.engine)}</td>
      <ScoreCells scores={scores} />
      <td class="num">{score(scores?.panoptic_quality)}</td>
      <td>
        {version.parent ? (
          <>
            from <a href={address.version(version.parent.id)}>v{version.parent.number}</a>
          </>
        ) : (
          originInWords(version.origin)
        )}
      </td>
      <td class="num">
        <Delta value={gain(version, versions)} />
      </td>
      <td class="nowrap">
        <Time at={version.created_at} />
      </td>
    </tr>
  );
}
