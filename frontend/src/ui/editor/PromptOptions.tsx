/** What a model answered to a click, above the image: kept, dropped, or looked at again. */
import { useEffect } from "preact/hooks";
import * as texts from "../../texts";
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
      aria-label={texts.prompts.modelToAsk}
      onChange={(event) => prompts.choose(event.currentTarget.value)}
    >
      <option value="">{texts.prompts.newestVersion}</option>
      {prompts.prompters.value.map(({ name, title, missing }) => (
        <option key={name} value={name}>
          {missing ? texts.prompts.noWeights(title) : title}
        </option>
      ))}
    </select>
  );
}

function Answer({ actions }: { actions: EditorActions }) {
  const { prompts } = actions.paint;
  const prompt = prompts.prompt.value;
  if (!prompt) return <span class="hint">{texts.prompts.help}</span>;
  const { state, text, engine, threshold } = prompt;
  const { least, most, step } = rangeOf(engine);
  return (
    <>
      {threshold !== undefined && (
        <Slider
          label={texts.prompts.threshold}
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
        <Button
          label={texts.prompts.keep}
          keyFor="keep-found"
          kind="primary"
          onClick={() => prompts.keep()}
        >
          <span>{texts.prompts.keep}</span>
        </Button>
      )}
      <Button label={texts.prompts.drop} keys="Esc" onClick={() => prompts.drop()}>
        <span>{texts.prompts.drop}</span>
      </Button>
      <span class={`prompt-text prompt-${state}`}>{text}</span>
    </>
  );
}
