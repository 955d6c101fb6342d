/** Small pieces that every panel is made of. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { KeyId } from "./command_ids";
import { ariaKeysOf, keyOf } from "./key_bindings";

/** An icon of 20 x 20, drawn in the colour of the text. */
export function Icon({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export const ICONS = {
  back: "M12 4 6 10l6 6",
  previous: "M12 5l-5 5 5 5",
  next: "M8 5l5 5-5 5",
  undo: "M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.5M4 8l3.5 3.5",
  redo: "M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.5M16 8l-3.5 3.5",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.7M10 14.4v.2",
  history: "M10 5.5V10l3 2M4.2 8A6 6 0 1 1 4 11M4 5v3.2h3.2",
  panel: "M3 4h14v12H3zM12.5 4v12",
  add: "M10 4v12M4 10h12",
  pencil: "M4 16l.8-3.5L13 4.3l2.7 2.7-8.2 8.2zM11.5 5.8l2.7 2.7",
  eye: "M2.5 10s3-5 7.5-5 7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  eyeOff:
    "M3 3l14 14M6 6.2C3.8 7.6 2.5 10 2.5 10s3 5 7.5 5c1.4 0 2.6-.5 3.6-1.1M9 5.1c4.8-.6 8.5 4.9 8.5 4.9s-.7 1.2-2 2.4",
  close: "M5 5l10 10M15 5 5 15",
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4",
  plus: "M10 5v10M5 10h10",
  minus: "M5 10h10",
} as const;

interface ButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly icon?: string;
  readonly isPressed?: boolean;
  readonly isDisabled?: boolean;
  /** Shown with its name; of what has a key of its own `keyFor` tells it. */
  readonly keys?: string;
  /** By which the tour finds it. */
  readonly name?: string;
  readonly keyFor?: KeyId;
  readonly kind?: "plain" | "primary" | "danger" | "quiet";
  readonly children?: ComponentChildren;
}

/** A button; with an icon only, the label is its name and its tooltip. */
export function Button(props: ButtonProps) {
  const { label, icon, keyFor, isPressed, kind = "plain" } = props;
  const keys = keyFor ? keyOf(keyFor) : props.keys;
  const title = keys ? `${label} (${keys})` : label;
  return (
    <button
      type="button"
      class={`button button-${kind}${icon && !props.children ? " button-icon" : ""}`}
      title={title}
      aria-label={label}
      aria-pressed={isPressed}
      data-control={props.name}
      aria-keyshortcuts={keyFor && ariaKeysOf(keyFor)}
      disabled={props.isDisabled}
      onClick={props.onClick}
    >
      {icon && <Icon path={icon} />}
      {props.children}
    </button>
  );
}

interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly title?: string;
}

/** One of a few, side by side. */
export function Segments<T extends string>(props: {
  readonly legend: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T) => void;
}) {
  return (
    <fieldset class="segments">
      <legend class="sr-only">{props.legend}</legend>
      {props.choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          class="segment"
          title={choice.title}
          aria-pressed={choice.value === props.value}
          onClick={() => props.onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </fieldset>
  );
}

/** A slider with its name and value. */
export function Slider(props: {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly text: string;
  readonly onInput: (value: number) => void;
  readonly isCompact?: boolean;
}) {
  const id = useId();
  return (
    <div class={props.isCompact ? "slider slider-compact" : "slider"}>
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="range"
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.value}
        aria-valuetext={props.text}
        onInput={(event) => props.onInput(event.currentTarget.valueAsNumber)}
      />
      <output for={id}>{props.text}</output>
    </div>
  );
}

/** A box to tick, beside what it turns on. */
export function Check(props: {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <label class={props.class ? `check ${props.class}` : "check"}>
      <input
        type="checkbox"
        checked={props.isOn}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.children}</span>
    </label>
  );
}

/** A part of the side panel that can be folded. */
export function Section(props: {
  readonly title: string;
  /** By which the tour finds it. */
  readonly name?: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <details class="section" data-control={props.name} open>
      <summary>
        <span>{props.title}</span>
        {props.aside !== undefined && <span class="section-aside">{props.aside}</span>}
      </summary>
      <div class="section-body">{props.children}</div>
    </details>
  );
}

/** A key on a button that has a name of its own: seen, and no part of the words it is called by. */
export function KeyHint({ keys }: { keys: string }) {
  return keys ? <kbd data-keys={keys} /> : null;
}
