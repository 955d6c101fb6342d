/** Whether the project's drafts are made the fast way, and what that costs the newest version. */

import { useSignal } from "@preact/signals";
import type { Version } from "../../../api/page_types";
import { address, api, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { engineTitle } from "../format";
import { FastCost } from "../parts/FastCost";
import { newestMeasured } from "../parts/fast";
import { Problem } from "../parts/Problem";

interface Props {
  readonly project: string;
  readonly isFast: boolean;
  readonly mayChange: boolean;
  readonly mayMeasure: boolean;
  readonly versions: readonly Version[];
}

export function FastDrafts({ project, isFast, mayChange, mayMeasure, versions }: Props) {
  const on = useSignal(isFast);
  const busy = useSignal(false);
  const problem = useSignal("");
  const measured = newestMeasured(versions);
  const change = async (wanted: boolean) => {
    busy.value = true;
    on.value = wanted;
    try {
      await api.changeProject(project, { fast_drafts: wanted });
      problem.value = "";
    } catch (error) {
      on.value = !wanted;
      problem.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <section class="panel" aria-label={texts.training.fast.title}>
      <h2>{texts.training.fast.title}</h2>
      <div class="field checkbox">
        <input
          id="fast-drafts"
          type="checkbox"
          checked={on.value}
          disabled={!mayChange || busy.value}
          aria-describedby="fast-drafts-hint"
          onChange={(event) => void change(event.currentTarget.checked)}
        />
        <label for="fast-drafts">{texts.training.fast.fromNowOn}</label>
      </div>
      <p class="hint" id="fast-drafts-hint">
        {texts.training.fast.help}
        {!mayChange && ` ${texts.training.onlyOwner}`}
      </p>
      {problem.value && <Problem text={problem.value} />}
      {measured && (on.value || measured.evaluation.metrics.fast) && (
        <div class="row">
          <a href={address.version(measured.version.id)}>
            {texts.common.engineVersion(
              engineTitle(measured.version.engine),
              measured.version.number,
            )}
          </a>
          <FastCost evaluation={measured.evaluation} isFast={on.value} mayRepeat={mayMeasure} />
        </div>
      )}
    </section>
  );
}
