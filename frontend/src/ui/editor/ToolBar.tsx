/** The tools at the left, and the options of the chosen one above the image. */
import { useRef } from "preact/hooks";
import * as texts from "../../texts";
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
      aria-label={texts.editor.toolBar.title}
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
    label: texts.editor.toolBar.modes.preserve,
    title: texts.editor.toolBar.modes.preserveHelp,
  },
  {
    value: "overwrite",
    label: texts.editor.toolBar.modes.overwrite,
    title: texts.editor.toolBar.modes.overwriteHelp,
  },
  {
    value: "inside",
    label: texts.editor.toolBar.modes.inside,
    title: texts.editor.toolBar.modes.insideHelp,
  },
  {
    value: "locked",
    label: texts.editor.toolBar.modes.spareAccepted,
    title: texts.editor.toolBar.modes.spareAcceptedHelp,
  },
] as const;

const MODE_TOOLS = new Set(["brush", "lasso"]);
const PAINTERS = new Set(["brush", "erase-selected", "erase-any"]);

/** Size, write mode and "new object": always in sight while painting. */
export function ToolOptions({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const isPainter = PAINTERS.has(model.tool.value);
  return (
    <section class="options" aria-label={texts.editor.toolBar.options}>
      {isPainter && <SizeSlider actions={actions} />}
      {MODE_TOOLS.has(model.tool.value) && (
        <>
          <Segments
            legend={texts.editor.toolBar.modes.title}
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
            label={texts.editor.toolBar.newObject}
            keyFor="new-object"
            icon={ICONS.add}
            isPressed={model.isNewArmed.value}
            onClick={() => actions.paint.armNew()}
          >
            <span>{texts.editor.toolBar.newObject}</span>
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
      <span>{texts.editor.toolBar.size}</span>
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
  let text = texts.editor.toolBar.nothingSelected;
  if (isNewArmed.value) text = texts.editor.toolBar.nextIsNew;
  else if (selected.value) text = texts.editor.toolBar.object(selected.value);
  else if (selectedDraft.value) text = texts.editor.toolBar.draftObject(selectedDraft.value);
  return <span class="selected-name">{text}</span>;
}
