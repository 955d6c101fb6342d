/** One region worth painting: where it lies, why, and what to do with it. */

import { address } from "../../../api/pages";
import type { Suggestion } from "../../../api/round_types";
import * as texts from "../../../texts/pages";
import { type NextRegions, planeInWords, standing, visibleBox } from "./suggestions";

interface Props {
  readonly suggestion: Suggestion;
  readonly next: NextRegions;
  readonly mayAnnotate: boolean;
}

export function SuggestionCard({ suggestion, next, mayAnnotate }: Props) {
  const stands = standing(suggestion);
  return (
    <li class={`suggestion ${stands}`}>
      <Place suggestion={suggestion} />
      <div class="suggestion-body">
        <strong class="suggestion-name" title={suggestion.image.name}>
          {suggestion.image.name}
        </strong>
        {planeInWords(suggestion) && <p class="small muted">{planeInWords(suggestion)}</p>}
        <p class="small">{suggestion.reason}</p>
        <span class="row badges">
          {suggestion.purpose === "blind_validation" ? (
            <span class="badge warn" title={texts.suggestions.card.blindHelp}>
              {texts.suggestions.card.blind}
            </span>
          ) : (
            <span class="badge">{texts.suggestions.card.training}</span>
          )}
          {stands === "painting" && (
            <span class="badge busy">{texts.suggestions.card.beingPainted}</span>
          )}
          {stands === "done" && <span class="badge good">{texts.suggestions.card.submitted}</span>}
        </span>
        <Choice suggestion={suggestion} next={next} mayAnnotate={mayAnnotate} />
      </div>
    </li>
  );
}

/** The thumbnail with the region's place; the rest of the image is dimmed. */
function Place({ suggestion }: { suggestion: Suggestion }) {
  const { width, height, thumbnail } = suggestion.image;
  const box = visibleBox(suggestion.box, width, height);
  const hole = `M${box.x} ${box.y}h${box.width}v${box.height}h${-box.width}z`;
  return (
    <svg
      class="suggestion-place"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={texts.suggestions.card.placeOf(suggestion.image.name)}
    >
      <image href={thumbnail} width={width} height={height} />
      <path class="shade" fill-rule="evenodd" d={`M0 0h${width}v${height}h${-width}z${hole}`} />
      <path class="edge outer" d={hole} />
      <path class="edge" d={hole} />
    </svg>
  );
}

function Choice({ suggestion, next, mayAnnotate }: Props) {
  const stands = standing(suggestion);
  const what = <span class="visually-hidden"> {suggestion.image.name}</span>;
  if (stands !== "open") {
    return (
      <p class="row">
        <a class="button slim" href={address.region(suggestion.image.id, suggestion.region ?? "")}>
          {stands === "done" || !mayAnnotate
            ? texts.suggestions.card.look
            : texts.suggestions.card.goOn}
          {what}
        </a>
      </p>
    );
  }
  if (!mayAnnotate) return null;
  const isBusy = next.busy.value !== "";
  const paint = async () => {
    const target = await next.take(suggestion);
    if (target) location.assign(target);
  };
  return (
    <p class="row">
      <button
        class="button slim primary"
        type="button"
        disabled={isBusy}
        onClick={() => void paint()}
      >
        {next.busy.value === suggestion.id
          ? texts.suggestions.card.opening
          : texts.suggestions.card.paint}
        {what}
      </button>
      <button
        class="button slim"
        type="button"
        disabled={isBusy}
        title={texts.suggestions.card.skipHelp}
        onClick={() => void next.dismiss(suggestion)}
      >
        {texts.suggestions.card.skip}
        {what}
      </button>
    </p>
  );
}
