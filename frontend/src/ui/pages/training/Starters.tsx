/** Models that come along, as cards: what each finds, how well, whose data taught it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../../../api/pages";
import type { Starter } from "../../../api/starter_types";
import * as texts from "../../../texts/pages";
import { bytes, engineTitle, score } from "../format";
import { Credits } from "../parts/Credits";
import { Problem } from "../parts/Problem";
import { type StartersState, standingOf } from "./starter_state";
import type { TrainingState } from "./state";

interface Props {
  readonly starters: StartersState;
  readonly state: TrainingState;
  readonly mayAdd: boolean;
}

export function Starters({ starters, state, mayAdd }: Props) {
  const place = useRef<HTMLElement>(null);
  const offered = starters.offered.value;
  const isThere = offered.length > 0;
  useEffect(() => {
    // The browser looked for the mark before the cards were there.
    if (isThere && location.hash === "#starters") place.current?.scrollIntoView();
  }, [isThere]);
  const problem = starters.problems.value[""];
  if (!isThere && !problem) return null;
  return (
    <section class="panel" id="starters" aria-label={texts.starters.title} ref={place}>
      <div class="panel-head">
        <h2>{texts.starters.title}</h2>
        <p class="hint">{texts.starters.what}</p>
      </div>
      {problem && <Problem text={problem} onRetry={() => void starters.load()} />}
      <ul class="starters">
        {offered.map((starter) => (
          <StarterCard
            key={starter.name}
            starter={starter}
            starters={starters}
            state={state}
            mayAdd={mayAdd}
          />
        ))}
      </ul>
    </section>
  );
}

interface CardProps extends Props {
  readonly starter: Starter;
}

function StarterCard({ starter, starters, state, mayAdd }: CardProps) {
  return (
    <li class="starter">
      <div class="row">
        <h3 class="grow">{starter.title}</h3>
        <span class="badge">{engineTitle(starter.engine)}</span>
      </div>
      <p>{texts.starters.finds(starter.objects)}</p>
      <p class="small muted">
        <abbr title={texts.starters.ap50Help}>{texts.common.scores.ap50}</abbr>{" "}
        {texts.starters.facts(
          score(starter.ap50),
          starter.n_test_images,
          Math.round(starter.diameter_px),
          starter.n_channels,
          bytes(starter.size_bytes),
          starter.licence,
        )}
      </p>
      <Credits sets={starter.trained_on} />
      <Action starter={starter} starters={starters} state={state} mayAdd={mayAdd} />
    </li>
  );
}

function Action({ starter, starters, state, mayAdd }: CardProps) {
  const channel = useSignal(0);
  const upload = starters.uploadOf(starter.name);
  const stands = standingOf(upload);
  if (stands === "coming") {
    return (
      <p class="row" role="status">
        <span class="badge busy">{texts.starters.beingAdded}</span>
        <span class="small">{texts.starters.appearsHere}</span>
      </p>
    );
  }
  if (stands === "here" && upload?.version) {
    const number = state.versions.value.find((version) => version.id === upload.version)?.number;
    return (
      <p class="row">
        <span class="badge good">{texts.starters.inProject}</span>
        <a href={address.version(upload.version)}>
          {number === undefined ? texts.starters.seeVersion : texts.starters.version(number)}
        </a>
      </p>
    );
  }
  const missing = state.engines.value.find((one) => one.name === starter.engine)?.missing ?? "";
  const problem = starters.problems.value[starter.name] || upload?.error_message || missing;
  const isBusy = starters.busy.value === starter.name;
  const names = state.channels.value;
  const asks = mayAdd && starter.n_channels === 1 && names.length > 1;
  return (
    <>
      {problem && (
        <p class="message warning small" role="alert">
          {problem}
        </p>
      )}
      {mayAdd && (
        <div class="row">
          {asks && (
            <label class="row small">
              {texts.starters.channel}
              <select
                value={channel.value}
                onChange={(event) => {
                  channel.value = Number(event.currentTarget.value);
                }}
              >
                {names.map((name, index) => (
                  <option key={name} value={index}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <button
            class="button"
            type="button"
            disabled={isBusy || missing !== ""}
            onClick={() => void starters.add(starter.name, asks ? [channel.value] : [])}
          >
            {isBusy ? texts.starters.adding : texts.starters.add}
            <span class="visually-hidden">
              {" "}
              {starter.title}, {engineTitle(starter.engine)}
            </span>
          </button>
        </div>
      )}
    </>
  );
}
