/** What a model answered to a click, above the image: kept, dropped, or looked at again. */
import type { EditorActions } from "./actions";
import { Button, Slider } from "./parts";
import { rangeOf } from "./prompt_desk";

export function PromptOptions({ actions }: { actions: EditorActions }) {
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
        <Button label="Keep" keys="Enter" kind="primary" onClick={() => prompts.keep()}>
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
