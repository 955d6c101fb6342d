/** The panel "What to paint next". */

import { useSignal } from "@preact/signals";
import type { Selection, Suggestion } from "../../../api/round_types";
import * as texts from "../../../texts/pages";
import { SuggestionCard } from "./SuggestionCard";
import { howFar, type NextRegions, standing } from "./suggestions";

const FEW = 4;

interface Props {
  readonly next: NextRegions;
  readonly mayAnnotate: boolean;
}

export function NextRegionsPanel({ next, mayAnnotate }: Props) {
  const stage = next.stage.value;
  const selection = next.selection.value;
  const suggestions = next.suggestions.value;
  if (stage === "unknown" && !next.problem.value) return null;
  return (
    <section class="panel flush" aria-labelledby="next-regions">
      <div class="panel-head">
        <h2 id="next-regions">{texts.suggestions.title}</h2>
        {mayAnnotate && stage !== "unknown" && (
          <button
            class={`button slim ${suggestions.length === 0 ? "primary" : ""}`}
            type="button"
            disabled={stage === "choosing" || next.busy.value !== ""}
            onClick={() => void next.suggest()}
          >
            {suggestions.length === 0 ? texts.suggestions.ask : texts.suggestions.askForOthers}
          </button>
        )}
      </div>
      <div class="panel-body">
        {next.problem.value && (
          <p class="message error small" role="alert">
            {next.problem.value}{" "}
            {stage === "unknown" && (
              <button class="link-button" type="button" onClick={() => void next.load()}>
                {texts.common.tryAgain}
              </button>
            )}
          </p>
        )}
        {stage === "choosing" && selection && <Choosing selection={selection} />}
        {stage === "failed" && selection && (
          <p class="message warning small">{failure(selection)}</p>
        )}
        <Advice stage={stage} suggestions={suggestions} mayAnnotate={mayAnnotate} />
        {suggestions.length > 0 && (
          <Cards next={next} suggestions={suggestions} mayAnnotate={mayAnnotate} />
        )}
      </div>
    </section>
  );
}

function Choosing({ selection }: { selection: Selection }) {
  const { words, share } = howFar(selection);
  return (
    <div class="stack" role="status">
      <p class="small">
        <span class="badge busy">{texts.suggestions.choosing}</span>{" "}
        {texts.suggestions.mayTake(words)}
      </p>
      <progress
        aria-label={texts.suggestions.choosingRegions}
        {...(share === undefined ? {} : { value: share })}
      />
    </div>
  );
}

function failure(selection: Selection): string {
  if (selection.error_message) return selection.error_message;
  return texts.suggestions.couldNotBeChosen;
}

interface AdviceProps {
  readonly stage: string;
  readonly suggestions: readonly Suggestion[];
  readonly mayAnnotate: boolean;
}

/** What to do where there is no card that waits. */
function Advice({ stage, suggestions, mayAnnotate }: AdviceProps) {
  if (stage === "never") {
    return (
      <p class="muted">
        {mayAnnotate ? texts.suggestions.whatItDoes : texts.suggestions.nobodyAsked}
      </p>
    );
  }
  if (stage === "nothing") {
    return <p class="muted">{texts.suggestions.allGone}</p>;
  }
  if (stage === "chosen" && suggestions.every((one) => standing(one) === "done")) {
    return <p class="muted">{texts.suggestions.allSubmitted}</p>;
  }
  return null;
}

interface CardsProps extends Props {
  readonly suggestions: readonly Suggestion[];
}

function Cards({ next, suggestions, mayAnnotate }: CardsProps) {
  const showsAll = useSignal(false);
  const shown = showsAll.value ? suggestions : suggestions.slice(0, FEW);
  const more = suggestions.length - FEW;
  return (
    <>
      <ul class="suggestions">
        {shown.map((one) => (
          <SuggestionCard key={one.id} suggestion={one} next={next} mayAnnotate={mayAnnotate} />
        ))}
      </ul>
      {more > 0 && (
        <button
          class="link-button small"
          type="button"
          aria-expanded={showsAll.value}
          onClick={() => {
            showsAll.value = !showsAll.value;
          }}
        >
          {showsAll.value ? texts.suggestions.showFewer : texts.suggestions.showMore(more)}
        </button>
      )}
    </>
  );
}
