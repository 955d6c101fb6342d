/** Which map of the draft's model lies over the image, and what its colours mean. */
import type { EditorActions } from "./actions";
import type { ShownMap } from "./map_desk";
import { Slider } from "./parts";
import { short } from "./units";

const NAMES: Readonly<Record<string, string>> = {
  prob: "Object probability",
  dist: "Mean radius",
  flows: "Flows",
  cellprob: "Cell probability",
  foreground: "Foreground",
};

export function MapPanel({ actions }: { actions: EditorActions }) {
  const { maps } = actions;
  const names = maps.names.value;
  if (names.length === 0) return null;
  return (
    <>
      <label class="slider">
        <span>Map</span>
        <select
          value={maps.chosen.value}
          aria-label="Map of the draft's model"
          onChange={(event) => maps.choose(event.currentTarget.value)}
        >
          <option value="">None</option>
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
            label="Map"
            value={maps.opacity.value}
            min={0.05}
            max={1}
            step={0.05}
            text={`${Math.round(maps.opacity.value * 100)} %`}
            onInput={(value) => {
              maps.opacity.value = value;
            }}
          />
          {maps.isWaiting.value && <p class="hint">The model is looking…</p>}
          {actions.model.isBlind.value && (
            <p class="hint">Hidden: a blind region is in view, which is drawn without a model.</p>
          )}
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
        <span class="hint">
          The colour is the way to an object's middle: red to the right, blue down and left, green
          up and left.
        </span>
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
