/** How labels and image look; nothing here changes data. */
import type { LabelStyleName } from "../../viewer/colouring";
import type { EditorActions } from "./actions";
import { type ColourBy, effectiveChoice, STATE_COLOURS } from "./colour_choice";
import { MapPanel } from "./MapPanel";
import type { ImageInfo } from "./model";
import { Button, ICONS, Section, Segments, Slider, WindowSlider } from "./parts";
import { short } from "./units";

const STYLES: readonly { value: LabelStyleName; label: string }[] = [
  { value: "both", label: "Both" },
  { value: "filled", label: "Filled" },
  { value: "outline", label: "Outline" },
  { value: "none", label: "None" },
];

export function ViewPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  return (
    <Section title="View">
      <Segments
        legend="How objects are drawn"
        value={model.labelStyle.value}
        choices={STYLES}
        onChange={(style) => {
          model.labelStyle.value = style;
        }}
      />
      <ColourBySelect actions={actions} />
      <Slider
        label="Objects"
        value={model.opacity.value}
        min={0.05}
        max={1}
        step={0.05}
        text={percent(model.opacity.value)}
        onInput={(value) => {
          model.opacity.value = value;
        }}
      />
      <Slider
        label="Draft"
        value={model.draftOpacity.value}
        min={0.05}
        max={1}
        step={0.05}
        text={percent(model.draftOpacity.value)}
        onInput={(value) => {
          model.draftOpacity.value = value;
        }}
      />
      <MapPanel actions={actions} />
      <Channels actions={actions} />
      <label class="check">
        <input
          type="checkbox"
          checked={model.touchPaints.value}
          onChange={(event) => {
            model.touchPaints.value = event.currentTarget.checked;
          }}
        />
        <span>Paint with a finger (two fingers move the image)</span>
      </label>
    </Section>
  );
}

const COLOURS: readonly { value: ColourBy; label: string }[] = [
  { value: "instance", label: "Each object its own" },
  { value: "class", label: "Class" },
  { value: "state", label: "State" },
];

function ColourBySelect({ actions }: { actions: EditorActions }) {
  const { colourBy, classes } = actions.model;
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
      {choice === "state" && (
        <p class="hint legend">
          <span class="swatch" style={{ backgroundColor: STATE_COLOURS.accepted }} /> drawn or
          accepted
          <br />
          <span class="swatch" style={{ backgroundColor: STATE_COLOURS.edited }} /> taken from a
          draft and edited
        </p>
      )}
    </>
  );
}

function Channels({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const image = model.image.value;
  if (!image) return null;
  return (
    <div class="channels">
      {model.channels.value.map((_style, index) => (
        // Channels never change their order.
        <Channel key={index} actions={actions} image={image} index={index} />
      ))}
    </div>
  );
}

function Channel(props: { actions: EditorActions; image: ImageInfo; index: number }) {
  const { actions, image, index } = props;
  const style = actions.model.channels.value[index];
  if (!style) return null;
  const textOf = (value: number) => storedValue(image, index, value);
  return (
    <div class={style.visible ? "channel" : "channel is-off"}>
      <div class="channel-head">
        {!image.isRgb && (
          <>
            <Button
              label={`${style.visible ? "Hide" : "Show"} ${style.name}`}
              icon={style.visible ? ICONS.eye : ICONS.eyeOff}
              isPressed={style.visible}
              kind="quiet"
              onClick={() => actions.contrast.set(index, { visible: !style.visible })}
            />
            <input
              type="color"
              value={style.colour}
              aria-label={`Colour of ${style.name}`}
              onInput={(event) =>
                actions.contrast.set(index, { colour: event.currentTarget.value })
              }
            />
          </>
        )}
        <span class="channel-name" title={style.name}>
          {image.isRgb ? "Contrast" : style.name}
        </span>
        <Button
          label={`Automatic contrast of ${style.name} for what is in view`}
          onClick={() => actions.contrast.auto(index)}
          kind="quiet"
        >
          <span>Auto</span>
        </Button>
        <Button
          label={`Reset contrast of ${style.name}`}
          onClick={() => actions.contrast.reset(index)}
          kind="quiet"
        >
          <span>Reset</span>
        </Button>
      </div>
      <WindowSlider
        name={style.name}
        low={style.low}
        high={style.high}
        textOf={textOf}
        onInput={(low, high) => actions.contrast.set(index, { low, high })}
      />
      <Slider
        label="Gamma"
        value={Math.log2(style.gamma)}
        min={-2}
        max={2}
        step={0.05}
        text={style.gamma.toFixed(2)}
        onInput={(value) => actions.contrast.set(index, { gamma: 2 ** value })}
        isCompact
      />
    </div>
  );
}

/** The value in the stored image that the 8-bit view shows as `value`. */
function storedValue(image: ImageInfo, index: number, value: number): string {
  const window = image.channels[index]?.window;
  if (!window || image.isRgb) return String(value);
  return short(window[0] + (value / 255) * (window[1] - window[0]));
}
