/** How labels and image look; nothing here changes data. */
import type { LabelStyleName } from "../../viewer/colouring";
import type { EditorActions } from "./actions";
import { ChannelList } from "./ChannelList";
import { ColourPanel } from "./ColourPanel";
import { MapPanel } from "./MapPanel";
import { Section, Segments, Slider } from "./parts";

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
      <ColourPanel actions={actions} />
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
      <ChannelList actions={actions} />
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
