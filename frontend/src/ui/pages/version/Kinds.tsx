/** How well a version tells kinds of objects apart, where it and the measured regions know any. */

import type { Evaluation } from "../../../api/page_types";
import type { KindsReport } from "../../../api/report_types";
import * as texts from "../../../texts/pages";
import { percent, score } from "../format";
import { confused } from "../parts/kinds";
import { NumberHead } from "../parts/NumberHead";

export function Kinds({ evaluation }: { evaluation: Evaluation }) {
  const kinds = evaluation.metrics.classes;
  if (!kinds || kinds.by_class.length === 0) return null;
  return (
    <section class="panel flush" aria-label={texts.version.classes.title}>
      <div class="panel-head">
        <div>
          <h2>{texts.version.classes.title}</h2>
          <p class="hint">{headline(kinds)}</p>
        </div>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.version.classes.className}</th>
              <NumberHead>{texts.version.classes.there}</NumberHead>
              <NumberHead>{texts.version.classes.found}</NumberHead>
              <NumberHead>
                <abbr title={texts.version.classes.ap50Help}>{texts.common.scores.ap50}</abbr>
              </NumberHead>
              <NumberHead>{texts.version.classes.precision}</NumberHead>
              <NumberHead>{texts.version.classes.recall}</NumberHead>
              <th scope="col">{texts.version.classes.takenFor}</th>
            </tr>
          </thead>
          <tbody>
            {kinds.by_class.map((one, row) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td class="num">{one.n_truth}</td>
                <td class="num">{one.n_predicted}</td>
                <td class="num">
                  <strong>{score(one.ap)}</strong>
                </td>
                <td class="num">{score(one.precision)}</td>
                <td class="num">{score(one.recall)}</td>
                <td>{confused(kinds, row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function headline(kinds: KindsReport): string {
  if (kinds.accuracy === null) return texts.version.classes.noneFound;
  return texts.version.classes.accuracy(percent(kinds.accuracy), kinds.n_judged);
}
