/** Which map of the draft's model lies over the image, and what its colours mean. */

import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import type { ShownMap } from "./map_desk";
import { Slider } from "./parts";
import { short } from "./units";

const NAMES: Readonly<Record<string, string>> = {
  prob: texts.drafts.maps.prob,
  dist: texts.drafts.maps.dist,
  flows: texts.drafts.maps.flows,
  cellprob: texts.drafts.maps.cellprob,
  foreground: texts.drafts.maps.foreground,
};

export function MapPanel({ actions }: { actions: EditorActions }) {
  const { maps } = actions;
  const names = maps.names.value;
  if (names.length === 0) return null;
  return (
    <>
      <label class="slider">
        <span>{texts.drafts.maps.title}</span>
        <select
          value={maps.chosen.value}
          aria-label={texts.drafts.maps.whose}
          onChange={(event) => maps.choose(event.currentTarget.value)}
        >
          <option value="">{texts.drafts.maps.none}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {NAMES[name] ?? name}
            </option>
          ))}
        </select>
      </label>
      {maps.chosen.value !== "" && (
        <>
          <Slider
            label={texts.drafts.maps.legend}
            value={maps.opacity.value}
            min={0.05}
            max={1}
            step={0.05}
            text={`${Math.round(maps.opacity.value * 100)} %`}
            onInput={(value) => {
              maps.opacity.value = value;
            }}
          />
          {maps.isWaiting.value && <p class="hint">{texts.drafts.maps.looking}</p>}
          {actions.model.isBlind.value && <p class="hint">{texts.drafts.maps.hiddenWhileBlind}</p>}
          {maps.shown.value && <Legend map={maps.shown.value} />}
        </>
      )}
    </>
  );
}

function Legend({ map }: { map: ShownMap }) {
  if (map.name === "flows") {
    return (
      <div class="map-legend">
        <span class="map-wheel" aria-hidden="true" />
        <span class="hint">{texts.drafts.maps.howFlowsAreRead}</span>
      </div>
    );
  }
  const unit = map.name === "dist" ? " px" : "";
  return (
    <div class="map-legend">
      <span class="hint">{short(map.low)}</span>
      <span class="map-ramp" aria-hidden="true" />
      <span class="hint">
        {short(map.high)}
        {unit}
      </span>
    </div>
  );
}
