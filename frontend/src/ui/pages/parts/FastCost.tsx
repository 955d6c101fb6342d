/** What fast drafts cost, beside a measurement; where that is not known, a button that measures. */

import type { Evaluation } from "../../../api/page_types";
import { api } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { fastInWords, lacksFast } from "./fast";
import { TryButton } from "./TryButton";

interface Props {
  readonly evaluation: Evaluation;
  readonly isFast: boolean;
  readonly mayRepeat: boolean;
}

export function FastCost({ evaluation, isFast, mayRepeat }: Props) {
  const words = fastInWords(evaluation.metrics);
  if (words !== undefined) return <p class="small">{words}</p>;
  if (!lacksFast(evaluation, isFast)) return null;
  return (
    <div class="row">
      <p class="hint">{texts.common.fast.notMeasured}</p>
      {mayRepeat && (
        <TryButton
          label={texts.common.measureAgain}
          act={() => api.repeatEvaluation(evaluation.id)}
          isSmall
        />
      )}
    </div>
  );
}
