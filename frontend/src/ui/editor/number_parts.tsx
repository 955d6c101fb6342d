/** Numbers of a channel: dragged with two handles, or typed. */
import { useId, useState } from "preact/hooks";
import * as texts from "../../texts";

const VIEW_MAX = 255;
/** Places of a handle; finer steps are typed. */
const N_STEPS = 1_024;

/** Two handles on one track: the dark and the bright end of a window, in the view of the tiles. */
export function WindowSlider(props: {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** The narrowest window. */
  readonly least: number;
  readonly textOf: (value: number) => string;
  readonly onInput: (low: number, high: number) => void;
}) {
  const { low, high, least } = props;
  const step = Math.max(least, VIEW_MAX / N_STEPS);
  const share = (value: number) => Math.min(1, Math.max(0, value / VIEW_MAX));
  return (
    <div class="window-slider" style={`--low:${share(low)};--high:${share(high)}`}>
      <input
        type="range"
        min={0}
        max={VIEW_MAX}
        step={step}
        value={low}
        aria-label={texts.viewing.contrast.blackPointOf(props.name)}
        aria-valuetext={props.textOf(low)}
        onInput={(event) => {
          props.onInput(Math.min(event.currentTarget.valueAsNumber, high - least), high);
        }}
      />
      <input
        type="range"
        min={0}
        max={VIEW_MAX}
        step={step}
        value={high}
        aria-label={texts.viewing.contrast.whitePointOf(props.name)}
        aria-valuetext={props.textOf(high)}
        onInput={(event) => {
          const { valueAsNumber } = event.currentTarget;
          // The last step of the track may lie just below its end.
          const wanted = valueAsNumber > VIEW_MAX - step ? VIEW_MAX : valueAsNumber;
          props.onInput(low, Math.max(wanted, low + least));
        }}
      />
      <output>{props.textOf(low)}</output>
      <output>{props.textOf(high)}</output>
    </div>
  );
}

/** A number that is taken when the field is left, or Enter is pressed; what is no number is not. */
export function NumberField(props: {
  readonly label: string;
  /** For screen readers, where the label alone says too little. */
  readonly name: string;
  readonly text: string;
  readonly onNumber: (value: number) => void;
}) {
  const id = useId();
  // While one types, nothing that is drawn anew may take the digits away.
  const [typed, setTyped] = useState<string>();
  return (
    <span class="number-field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="number"
        step="any"
        aria-label={props.name}
        value={typed ?? props.text}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={() => setTyped(undefined)}
        onChange={(event) => {
          const { valueAsNumber } = event.currentTarget;
          setTyped(undefined);
          if (Number.isFinite(valueAsNumber)) props.onNumber(valueAsNumber);
        }}
      />
    </span>
  );
}
