/** What a model answered to a click, above the image: kept, dropped, or looked at again. */
import { useEffect } from "preact/hooks";
import type { EditorActions } from "./actions";
import { Button, Slider } from "./parts";
import { rangeOf } from "./prompt_desk";

export function PromptOptions({ actions }: { actions: EditorActions }) {
  const { prompts } = actions.paint;
  useEffect(() => prompts.load(), [prompts]);
  return (
    <>
      <Answer actions={actions} />
      {prompts.prompters.value.length > 0 && <ModelSelect actions={actions} />}
    </>
  );
}

function ModelSelect({ actions }: { actions: EditorActions }) {
  const { prompts } = actions.paint;
  return (
    <select
      value={prompts.asks.value}
      aria-label="Model to ask"
      onChange={(event) => prompts.choose(event.currentTarget.value)}
    >
      <option value="">The newest version</option>
      {prompts.prompters.value.map(({ name, title, missing }) => (
        <option key={name} value={name}>
          {missing ? `${title}: no weights yet` : title}
        </option>
      ))}
    </select>
  );
}

function Answer({ actions }: { actions: EditorActions }) {
  const { prompts } = actions.paint;
  const prompt = prompts.prompt.value;
  if (!prompt) return <span class="hint">Click an object, or drag a box around it.</span>;
  const { state, text, engine, threshold } = prompt;
  const { least, most, step } = rangeOf(engine);
  return (
    <>
      {threshold !== undefined && (
        <Slider
          label="Threshold"
          value={threshold}
          min={least}
          max={most}
          step={step}
          text={threshold.toFixed(2)}
          isCompact
          onInput={(value) => prompts.setThreshold(value)}
        />
      )}
      {state === "found" && (
        <Button label="Keep" keyFor="keep-found" kind="primary" onClick={() => prompts.keep()}>
          <span>Keep</span>
        </Button>
      )}
      <Button label="Drop" keys="Esc" onClick={() => prompts.drop()}>
        <span>Drop</span>
      </Button>
      <span class={`prompt-text prompt-${state}`}>{text}</span>
    </>
  );
}
