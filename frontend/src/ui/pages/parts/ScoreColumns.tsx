/** The two scores that every table of versions begins with, at IoU 0.5. */

import type { Scores } from "../../../api/report_types";
import * as texts from "../../../texts/pages";
import { score } from "../format";
import { NumberHead } from "./NumberHead";
import { ap50, atIou } from "./scores";

export function ScoreHeads() {
  return (
    <>
      <NumberHead>
        <abbr title={texts.common.scores.ap50Help}>{texts.common.scores.ap50}</abbr>
      </NumberHead>
      <NumberHead>{texts.common.scores.f1}</NumberHead>
    </>
  );
}

export function ScoreCells({ scores }: { scores: Scores | undefined }) {
  return (
    <>
      <td class="num">
        <strong>{score(ap50(scores))}</strong>
      </td>
      <td class="num">{score(atIou(scores?.f1, 0.5))}</td>
    </>
  );
}
