/** The scores of each image, worst first: where to look and what to annotate next. */

import type { Evaluation } from "../../../api/page_types";
import { address } from "../../../api/pages";
import { percent, score } from "../format";
import { ap50, atIou } from "../parts/scores";

export function PerImage({ evaluation }: { evaluation: Evaluation }) {
  const rows = [...(evaluation.per_image ?? [])].sort((a, b) => (ap50(a) ?? 0) - (ap50(b) ?? 0));
  if (rows.length === 0) return null;
  return (
    <section class="panel flush" aria-label="Each image">
      <div class="panel-head">
        <h2>Each image</h2>
        <p class="hint">Worst first</p>
      </div>
      <div class="table-wrap" style={{ maxHeight: "420px", overflowY: "auto" }}>
        <table>
          <thead>
            <tr>
              <th scope="col">Image</th>
              <th scope="col" class="num">
                There
              </th>
              <th scope="col" class="num">
                Found
              </th>
              <th scope="col" class="num">
                Count error
              </th>
              <th scope="col" class="num">
                AP50
              </th>
              <th scope="col" class="num">
                F1
              </th>
              <th scope="col" class="num">
                PQ
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.image}>
                <th scope="row">
                  {row.image ? <a href={address.editor(row.image)}>{row.name}</a> : row.name}
                </th>
                <td class="num">{row.n_truth ?? "–"}</td>
                <td class="num">{row.n_predicted ?? "–"}</td>
                <td class="num">{percent(row.count_error)}</td>
                <td class="num">{score(ap50(row))}</td>
                <td class="num">{score(atIou(row.f1, 0.5))}</td>
                <td class="num">{score(row.panoptic_quality)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
