/** Model versions with their scores on blind validation. */

import type { Version } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { engineTitle, score } from "../format";
import { Delta } from "../parts/Delta";
import { NumberHead } from "../parts/NumberHead";
import { ScoreCells, ScoreHeads } from "../parts/ScoreColumns";
import { gain, newest, originInWords } from "../parts/scores";
import { Time } from "../parts/Time";

export function VersionsTable({ versions }: { versions: readonly Version[] }) {
  return (
    <section class="panel flush" aria-label={texts.training.versions.title}>
      <div class="panel-head">
        <h2>{texts.training.versions.title}</h2>
        <p class="hint">{texts.training.versions.scores}</p>
      </div>
      {versions.length === 0 ? (
        <p class="muted" style={{ padding: "1rem" }}>
          {texts.training.versions.none(<a href="#starters">{texts.training.versions.starter}</a>)}
        </p>
      ) : (
        <div class="table-wrap">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.training.versions.version}</th>
                <th scope="col">{texts.training.versions.engine}</th>
                <ScoreHeads />
                <NumberHead>
                  <abbr title={texts.training.versions.pqHelp}>{texts.training.versions.pq}</abbr>
                </NumberHead>
                <th scope="col">{texts.training.versions.started}</th>
                <NumberHead>
                  <abbr title={texts.training.versions.gainHelp}>
                    {texts.training.versions.gain}
                  </abbr>
                </NumberHead>
                <th scope="col">{texts.training.versions.made}</th>
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
        <a href={address.version(version.id)}>{texts.common.version(version.number)}</a>
      </th>
      <td>{engineTitle(version.engine)}</td>
      <ScoreCells scores={scores} />
      <td class="num">{score(scores?.panoptic_quality)}</td>
      <td>
        {version.parent ? (
          <>
            {texts.training.versions.from}{" "}
            <a href={address.version(version.parent.id)}>
              {texts.common.version(version.parent.number)}
            </a>
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
