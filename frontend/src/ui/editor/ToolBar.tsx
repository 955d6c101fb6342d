/** The tools at the left, and the options of the chosen one above the image. */
import { useRef } from "preact/hooks";
import { brushSizeTitle, withKey } from "../../texts/keys";
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import { ChooseOptions, ChosenBar } from "./ChosenBar";
import { ariaKeysOf, keyOf, withKeys } from "./key_bindings";
import { LARGEST_RADIUS, SMALLEST_RADIUS } from "./model";
import { PromptOptions } from "./PromptOptions";
import { Button, ICONS, Icon, KeyHint, Segments } from "./parts";
import { lengthText } from "./units";
import { WandOptions } from "./WandOptions";

/** Arrow keys walk through the tools; Tab leaves them: one stop on the way through the page. */
export function ToolBar({ actions }: { actions: EditorActions }) {
  const bar = useRef<HTMLDivElement>(null);
  const chosen = actions.model.tool.value;
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const index = TOOLS.findIndex((tool) => tool.name === chosen);
    const tool = TOOLS[(index + step + TOOLS.length) % TOOLS.length];
    if (!tool) return;
    actions.paint.chooseTool(tool.name);
    bar.current?.querySelector<HTMLElement>(`[data-tool="${tool.name}"]`)?.focus();
  };
  return (
    <div
      ref={bar}
      class="toolbar"
      role="toolbar"
      aria-label="Tools"
      aria-orientation="vertical"
      onKeyDown={walk}
    >
      {TOOLS.map((tool) => (
        <button
          key={tool.name}
          type="button"
          data-tool={tool.name}
          class="tool"
          tabIndex={tool.name === chosen ? 0 : -1}
          aria-pressed={tool.name === chosen}
          aria-label={tool.label}
          aria-keyshortcuts={ariaKeysOf(tool.name)}
          title={`${withKey(tool.label, keyOf(tool.name))}\n${withKeys(tool.help)}`}
          onClick={() => actions.paint.chooseTool(tool.name)}
        >
          <Icon path={tool.icon} />
          <KeyHint keys={keyOf(tool.name).replace("Shift+", "⇧")} />
        </button>
      ))}
    </div>
  );
}

const MODES = [
  {
    value: "preserve",
    label: "Preserve",
    title: "Other objects keep every pixel. Shift swaps with Overwrite while held.",
  },
  { value: "overwrite", label: "Overwrite", title: "Takes pixels of other objects" },
  {
    value: "inside",
    label: "Inside",
    title: "Only within what lies under the start of the stroke",
  },
  {
    value: "locked",
    label: "Spare accepted",
    title: "Accepted and edited objects are safe, others may be overwritten",
  },
] as const;

const MODE_TOOLS = new Set(["brush", "lasso"]);
const PAINTERS = new Set(["brush", "erase-selected", "erase-any"]);

/** Size, write mode and "new object": always in sight while painting. */
export function ToolOptions({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const isPainter = PAINTERS.has(model.tool.value);
  return (
    <section class="options" aria-label="Tool options">
      {isPainter && <SizeSlider actions={actions} />}
      {MODE_TOOLS.has(model.tool.value) && (
        <>
          <Segments
            legend="What happens to other objects"
            value={model.mode.value}
            choices={MODES.map((one) => ({
              ...one,
              title: withKey(one.title, keyOf(`mode-${one.value}`)),
            }))}
            onChange={(mode) => {
              model.mode.value = mode;
            }}
          />
          <Button
            label="New object"
            keyFor="new-object"
            icon={ICONS.add}
            isPressed={model.isNewArmed.value}
            onClick={() => actions.paint.armNew()}
          >
            <span>New object</span>
          </Button>
        </>
      )}
      {model.tool.value === "wand" && <WandOptions actions={actions} />}
      {model.tool.value === "prompt" && <PromptOptions actions={actions} />}
      {model.tool.value === "choose-many" && <ChooseOptions actions={actions} />}
      <ChosenBar actions={actions} />
      <Selected actions={actions} />
    </section>
  );
}

function SizeSlider({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const radius = model.radius.value;
  const steps = 200;
  const ratio = Math.log(LARGEST_RADIUS / SMALLEST_RADIUS);
  const text = lengthText(radius * 2, model.image.value?.pixelSizeUm ?? null);
  return (
    <label class="size">
      <span>Size</span>
      <input
        type="range"
        min={0}
        max={steps}
        value={Math.round((Math.log(radius / SMALLEST_RADIUS) / ratio) * steps)}
        aria-valuetext={text}
        title={brushSizeTitle(keyOf("smaller-brush"), keyOf("larger-brush"))}
        onInput={(event) => {
          const part = event.currentTarget.valueAsNumber / steps;
          const value = SMALLEST_RADIUS * Math.exp(part * ratio);
          model.radius.value = Math.max(SMALLEST_RADIUS, Math.round(value * 2) / 2);
        }}
      />
      <output>{text}</output>
    </label>
  );
}

function Selected({ actions }: { actions: EditorActions }) {
  const { selected, selectedDraft, isNewArmed } = actions.model;
  let text = "Nothing selected";
  if (isNewArmed.value) text = "The next stroke makes a new object";
  else if (selected.value) text = `Object ${selected.value}`;
  else if (selectedDraft.value) text = `Draft object ${selectedDraft.value}`;
  return <span class="selected-name">{text}</span>;
}
