/** The scores of each image, worst first: where to look and what to annotate next. */

import type { Evaluation } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { percent, score } from "../format";
import { NumberHead } from "../parts/NumberHead";
import { ap50, atIou } from "../parts/scores";

export function PerImage({ evaluation }: { evaluation: Evaluation }) {
  const rows = [...(evaluation.per_image ?? [])].sort((a, b) => (ap50(a) ?? 0) - (ap50(b) ?? 0));
  if (rows.length === 0) return null;
  return (
    <section class="panel flush" aria-label={texts.version.images.title}>
      <div class="panel-head">
        <h2>{texts.version.images.title}</h2>
        <p class="hint">{texts.version.images.worstFirst}</p>
      </div>
      <div class="table-wrap" style={{ maxHeight: "420px", overflowY: "auto" }}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.version.images.image}</th>
              <NumberHead>{texts.version.images.there}</NumberHead>
              <NumberHead>{texts.version.images.found}</NumberHead>
              <NumberHead>{texts.version.images.countError}</NumberHead>
              <NumberHead>{texts.common.scores.ap50}</NumberHead>
              <NumberHead>{texts.common.scores.f1}</NumberHead>
              <NumberHead>{texts.version.images.pq}</NumberHead>
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
