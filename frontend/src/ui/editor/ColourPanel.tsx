/** What colours tell, which ones they are, and the legend that says what they mean. */
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
import { count, Slider } from "./parts";

const COLOURS: readonly { value: ColourBy; label: string }[] = [
  { value: "instance", label: "Each object its own" },
  { value: "class", label: "Class" },
  { value: "state", label: "State" },
  { value: "score", label: "Score" },
  { value: "author", label: "Author" },
];

const PALETTES: readonly { value: PaletteName; label: string }[] = [
  { value: "hues", label: "Many hues" },
  { value: "okabe-ito", label: "Colour-blind safe" },
];

export function ColourPanel({ actions }: { actions: EditorActions }) {
  const { colourBy, classes, palette, edgeWidth } = actions.model;
  const choice = effectiveChoice(colourBy.value, classes.value);
  const hasClasses = classes.value.length > 0;
  return (
    <>
      <label class="slider">
        <span>Colours</span>
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
          <span>Palette</span>
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
        label="Outline"
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
            [UNKNOWN_COLOUR, "no class"],
          ]}
        />
      );
    case "state":
      return (
        <Lines
          lines={[
            [STATE_COLOURS.accepted, "drawn or accepted"],
            [STATE_COLOURS.edited, "taken from a draft and edited"],
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
            [NEW_COLOUR, "not saved yet"],
          ]}
        />
      );
    default:
      return <p class="hint">Drafts are amber and dashed, objects have the other colours.</p>;
  }
}

function Lines({ lines }: { lines: readonly (readonly [colour: string, text: string])[] }) {
  return (
    <ul class="legend-lines" aria-label="What the colours mean">
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
        <span>0, doubtful</span>
        <span>1, sure</span>
      </div>
      <Lines lines={[[NO_SCORE_COLOUR, "drawn by hand: no score"]]} />
    </div>
  );
}
