/** What colours tell, which ones they are, and the legend that says what they mean. */

import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import { WIDEST_EDGE } from "../../viewer/colouring";
import type { EditorActions } from "./actions";
import { UNKNOWN_COLOUR } from "./class_words";
import {
  authorColour,
  type ColourBy,
  effectiveChoice,
  NEW_COLOUR,
  STATE_COLOURS,
} from "./colour_choice";
import { NO_SCORE_COLOUR, type PaletteName, SCORE_COLOURS } from "./palettes";
import { Slider } from "./parts";

const COLOURS: readonly { value: ColourBy; label: string }[] = [
  { value: "instance", label: texts.viewing.colours.byObject },
  { value: "class", label: texts.viewing.colours.byClass },
  { value: "state", label: texts.viewing.colours.byState },
  { value: "score", label: texts.viewing.colours.byScore },
  { value: "author", label: texts.viewing.colours.byAuthor },
];

const PALETTES: readonly { value: PaletteName; label: string }[] = [
  { value: "hues", label: texts.viewing.colours.manyHues },
  { value: "okabe-ito", label: texts.viewing.colours.colourBlindSafe },
];

export function ColourPanel({ actions }: { actions: EditorActions }) {
  const { colourBy, classes, palette, edgeWidth } = actions.model;
  const choice = effectiveChoice(colourBy.value, classes.value);
  const hasClasses = classes.value.length > 0;
  return (
    <>
      <label class="slider">
        <span>{texts.viewing.colours.title}</span>
        <select
          value={choice}
          onChange={(event) => {
            colourBy.value = event.currentTarget.value as ColourBy;
          }}
        >
          {COLOURS.filter(({ value }) => value !== "class" || hasClasses).map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      {choice === "instance" && (
        <label class="slider">
          <span>{texts.viewing.colours.palette}</span>
          <select
            value={palette.value}
            onChange={(event) => {
              palette.value = event.currentTarget.value as PaletteName;
            }}
          >
            {PALETTES.map((one) => (
              <option key={one.value} value={one.value}>
                {one.label}
              </option>
            ))}
          </select>
        </label>
      )}
      <Legend actions={actions} choice={choice} />
      <Slider
        label={texts.viewing.colours.outline}
        value={edgeWidth.value}
        min={1}
        max={WIDEST_EDGE}
        step={1}
        text={`${edgeWidth.value} px`}
        onInput={(value) => {
          edgeWidth.value = value;
        }}
      />
    </>
  );
}

function Legend({ actions, choice }: { actions: EditorActions; choice: ColourBy }) {
  const { classes, authors } = actions.model;
  switch (choice) {
    case "class":
      return (
        <Lines
          lines={[
            ...classes.value.map(({ name, colour }) => [colour, name] as const),
            [UNKNOWN_COLOUR, texts.classes.noClassWord],
          ]}
        />
      );
    case "state":
      return (
        <Lines
          lines={[
            [STATE_COLOURS.accepted, texts.viewing.colours.drawnOrAccepted],
            [STATE_COLOURS.edited, texts.viewing.colours.takenAndEdited],
          ]}
        />
      );
    case "score":
      return <ScoreLegend />;
    case "author":
      return (
        <Lines
          lines={[
            ...authors.value.people.map(
              ({ name, nObjects }, place) =>
                [authorColour(place), `${name}: ${count(nObjects)}`] as const,
            ),
            [NEW_COLOUR, texts.viewing.colours.notSavedYet],
          ]}
        />
      );
    default:
      return <p class="hint">{texts.viewing.colours.draftsAreAmber}</p>;
  }
}

function Lines({ lines }: { lines: readonly (readonly [colour: string, text: string])[] }) {
  return (
    <ul class="legend-lines" aria-label={texts.viewing.colours.whatTheyMean}>
      {lines.map(([colour, text]) => (
        <li key={text}>
          <span class="swatch" style={{ backgroundColor: colour }} /> {text}
        </li>
      ))}
    </ul>
  );
}

function ScoreLegend() {
  const stops = SCORE_COLOURS.slice(0, -1).join(", ");
  return (
    <div class="score-legend">
      <div class="score-bar" style={{ background: `linear-gradient(to right, ${stops})` }} />
      <div class="score-ends">
        <span>{texts.viewing.colours.doubtful}</span>
        <span>{texts.viewing.colours.sure}</span>
      </div>
      <Lines lines={[[NO_SCORE_COLOUR, texts.viewing.colours.byHand]]} />
    </div>
  );
}
