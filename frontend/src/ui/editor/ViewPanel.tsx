/** How labels and image look; nothing here changes data. */

import * as texts from "../../texts";
import type { LabelStyleName } from "../../viewer/colouring";
import type { EditorActions } from "./actions";
import { ChannelList } from "./ChannelList";
import { ColourPanel } from "./ColourPanel";
import { MapPanel } from "./MapPanel";
import { Check, Section, Segments, Slider } from "./parts";

const STYLES: readonly { value: LabelStyleName; label: string }[] = [
  { value: "both", label: texts.viewing.look.both },
  { value: "filled", label: texts.viewing.look.filled },
  { value: "outline", label: texts.viewing.look.outline },
  { value: "none", label: texts.viewing.look.none },
];

export function ViewPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  return (
    <Section title={texts.viewing.look.title}>
      <Segments
        legend={texts.viewing.look.howDrawn}
        value={model.labelStyle.value}
        choices={STYLES}
        onChange={(style) => {
          model.labelStyle.value = style;
        }}
      />
      <ColourPanel actions={actions} />
      <Slider
        label={texts.viewing.look.objects}
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
        label={texts.viewing.look.draft}
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
      <ChannelList actions={actions} />
      <Check
        isOn={model.touchPaints.value}
        onChange={(isOn) => {
          model.touchPaints.value = isOn;
        }}
      >
        {texts.viewing.look.fingerPaints}
      </Check>
    </Section>
  );
}
