/** What drafts of stacks show: objects over planes, sections, or volumes; and making them again. */

import { useSignal } from "@preact/signals";
import type { Version, StackDrafts as Way } from "../../../api/page_types";
import { api, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { engineTitle } from "../format";
import { Problem } from "../parts/Problem";
import { TryButton } from "../parts/TryButton";

interface Props {
  readonly project: string;
  readonly way: Way;
  readonly mayChange: boolean;
  readonly mayPredict: boolean;
  readonly versions: readonly Version[];
}

const WAYS: readonly (readonly [Way, string])[] = [
  ["linked", texts.training.stacks.linked],
  ["planes", texts.training.stacks.planes],
  ["volume", texts.training.stacks.volumes],
];

export function StackDrafts({ project, way, mayChange, mayPredict, versions }: Props) {
  const chosen = useSignal<Way>(way);
  const busy = useSignal(false);
  const note = useSignal("");
  const problem = useSignal("");
  const newest = versions.reduce<Version | undefined>(
    (best, one) => (best && best.number > one.number ? best : one),
    undefined,
  );
  const change = async (wanted: Way) => {
    const before = chosen.value;
    busy.value = true;
    chosen.value = wanted;
    try {
      await api.changeProject(project, { stack_drafts: wanted });
      problem.value = "";
      note.value = "";
    } catch (error) {
      chosen.value = before;
      problem.value = sentenceOf(error);
    }
    busy.value = false;
  };
  const makeAgain = async (version: Version) => {
    const rows = await api.predict(project, version.id, null, false);
    const n = rows.filter((row) => row.state === "queued").length;
    note.value = n > 0 ? texts.training.stacks.nQueued(n) : texts.training.stacks.noneToMake;
  };
  return (
    <section class="panel stack" aria-label={texts.training.stacks.title}>
      <h2>{texts.training.stacks.title}</h2>
      <div class="field">
        <label for="stack-drafts">{texts.training.stacks.legend}</label>
        <select
          id="stack-drafts"
          value={chosen.value}
          disabled={!mayChange || busy.value}
          aria-describedby="stack-drafts-hint"
          onChange={(event) => void change(event.currentTarget.value as Way)}
        >
          {WAYS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      <p class="hint" id="stack-drafts-hint">
        {texts.training.stacks.help}
        {!mayChange && ` ${texts.training.onlyOwner}`}
      </p>
      {problem.value && <Problem text={problem.value} />}
      {mayPredict && newest && (
        <div class="row">
          <TryButton
            label={texts.training.stacks.makeAgain(engineTitle(newest.engine), newest.number)}
            act={() => makeAgain(newest)}
            isSmall
          />
          <p class="hint" role="status">
            {note.value}
          </p>
        </div>
      )}
    </section>
  );
}
