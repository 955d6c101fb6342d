/** How well a version tells kinds of objects apart, where it and the measured regions know any. */

import type { Evaluation, KindsReport } from "../../../api/page_types";
import { count, percent, score } from "../format";
import { confused } from "../parts/kinds";

export function Kinds({ evaluation }: { evaluation: Evaluation }) {
  const kinds = evaluation.metrics.classes;
  if (!kinds || kinds.by_class.length === 0) return null;
  return (
    <section class="panel flush" aria-label="Each class">
      <div class="panel-head">
        <div>
          <h2>Each class</h2>
          <p class="hint">{headline(kinds)}</p>
        </div>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="num">
                There
              </th>
              <th scope="col" class="num">
                Found
              </th>
              <th scope="col" class="num">
                <abbr title="Found and of the right class, of all that is there or was drafted as it">
                  AP50
                </abbr>
              </th>
              <th scope="col" class="num">
                Precision
              </th>
              <th scope="col" class="num">
                Recall
              </th>
              <th scope="col">Taken for</th>
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
  if (kinds.accuracy === null) return "No object whose class is known was found at IoU 0.5.";
  const objects = count(kinds.n_judged, "object");
  return `${percent(kinds.accuracy)} of ${objects} found at IoU 0.5 got the right class.`;
}
