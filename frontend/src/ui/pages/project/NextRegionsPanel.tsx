/** The panel "What to paint next". */

import { useSignal } from "@preact/signals";
import type { Selection, Suggestion } from "../../../api/round_types";
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
        <h2 id="next-regions">What to paint next</h2>
        {mayAnnotate && stage !== "unknown" && (
          <button
            class={`button slim ${suggestions.length === 0 ? "primary" : ""}`}
            type="button"
            disabled={stage === "choosing" || next.busy.value !== ""}
            onClick={() => void next.suggest()}
          >
            {suggestions.length === 0 ? "Suggest regions" : "Suggest others"}
          </button>
        )}
      </div>
      <div class="panel-body">
        {next.problem.value && (
          <p class="message error small" role="alert">
            {next.problem.value}{" "}
            {stage === "unknown" && (
              <button class="link-button" type="button" onClick={() => void next.load()}>
                Try again
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
        <span class="badge busy">Choosing</span> {words}. This may take a minute; you can go on
        working.
      </p>
      <progress aria-label="Choosing regions" {...(share === undefined ? {} : { value: share })} />
    </div>
  );
}

function failure(selection: Selection): string {
  if (selection.error_message) return selection.error_message;
  return "The regions could not be chosen. Ask again.";
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
        {mayAnnotate
          ? "Ask for regions, and cytoloop picks those that teach a model most for the time they take: typical ones before the first training, doubtful ones after it. Each says why."
          : "Nobody has asked for suggestions yet. An annotator of this project can."}
      </p>
    );
  }
  if (stage === "nothing") {
    return (
      <p class="muted">
        All suggestions were skipped or are gone. Ask for others, or open any image below and
        declare a region where you like.
      </p>
    );
  }
  if (stage === "chosen" && suggestions.every((one) => standing(one) === "done")) {
    return (
      <p class="muted">
        All suggested regions are submitted: train now, or ask for others and paint on.
      </p>
    );
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
          {showsAll.value ? "Show fewer" : `Show ${more} more`}
        </button>
      )}
    </>
  );
}
