/** What the magic wand takes, above the image. */

import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Check, Slider } from "./parts";

export function WandOptions({ actions }: { actions: EditorActions }) {
  const { wandTolerance, wandFillsHoles } = actions.model;
  return (
    <>
      <Slider
        label={texts.tools.wand.tolerance}
        value={wandTolerance.value}
        min={0}
        max={255}
        step={1}
        text={String(wandTolerance.value)}
        isCompact
        onInput={(value) => {
          wandTolerance.value = value;
        }}
      />
      <Check
        isOn={wandFillsHoles.value}
        onChange={(isOn) => {
          wandFillsHoles.value = isOn;
        }}
      >
        {texts.tools.wand.fillsHoles}
      </Check>
    </>
  );
}
