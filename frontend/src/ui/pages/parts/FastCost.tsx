/** What fast drafts cost, beside a measurement; where that is not known, a button that measures. */

import { useSignal } from "@preact/signals";
import type { Evaluation } from "../../../api/page_types";
import { api, sentenceOf } from "../../../api/pages";
import { fastInWords, lacksFast } from "./fast";

interface Props {
  readonly evaluation: Evaluation;
  readonly isFast: boolean;
  readonly mayRepeat: boolean;
}

export function FastCost({ evaluation, isFast, mayRepeat }: Props) {
  const problem = useSignal("");
  const words = fastInWords(evaluation.metrics);
  if (words !== undefined) return <p class="small">{words}</p>;
  if (!lacksFast(evaluation, isFast)) return null;
  const measure = async () => {
    try {
      await api.repeatEvaluation(evaluation.id);
      problem.value = "";
    } catch (error) {
      problem.value = sentenceOf(error);
    }
  };
  return (
    <div class="row">
      <p class="hint">Fast drafts: not measured yet, since they were switched on later.</p>
      {mayRepeat && (
        <button class="button small" type="button" onClick={() => void measure()}>
          Measure again
        </button>
      )}
      {problem.value && (
        <p class="message error" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  );
}
