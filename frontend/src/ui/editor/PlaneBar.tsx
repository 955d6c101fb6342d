/** Sliders through a stack or time series, below the image. */
import { useId } from "preact/hooks";
import * as texts from "../../texts";
import { axisTitle } from "../../texts/keys";
import type { EditorActions } from "./actions";
import { keyOf } from "./key_bindings";
import { Button, ICONS } from "./parts";
import { isStack, MOST_PROJECTED, shownNumber } from "./planes";

export function PlaneBar({ actions }: { actions: EditorActions }) {
  const { model, planes, view } = actions;
  const { nZ, nT } = model.stackSize.value;
  if (!isStack({ nZ, nT })) return null;
  const { t, z } = model.wantedPlane.value;
  return (
    <section class="planes" aria-label={texts.planes.title}>
      {nZ > 1 && (
        <Axis
          name="z"
          label={texts.planes.plane}
          n={nZ}
          at={z}
          keys={[keyOf("previous-plane"), keyOf("next-plane")]}
          go={(to) => void planes.go({ z: to })}
          leave={() => view.focusStage()}
        />
      )}
      {nT > 1 && (
        <Axis
          name="t"
          label={texts.planes.timePoint}
          n={nT}
          at={t}
          keys={
            nZ > 1
              ? [keyOf("previous-time"), keyOf("next-time")]
              : [keyOf("previous-plane"), keyOf("next-plane")]
          }
          go={(to) => void planes.go({ t: to })}
          leave={() => view.focusStage()}
        />
      )}
      {nZ > 1 && <Projection actions={actions} />}
      <span class="planes-late" aria-hidden="true">
        {model.isPlaneLate.value ? texts.planes.loading : ""}
      </span>
    </section>
  );
}

function Axis(props: {
  readonly name: string;
  readonly label: string;
  readonly n: number;
  readonly at: number;
  readonly keys: readonly [string, string];
  readonly go: (to: number) => void;
  readonly leave: () => void;
}) {
  const { name, label, n, at, keys, go, leave } = props;
  const id = useId();
  return (
    <div class="axis">
      <label for={id} title={label}>
        {name}
      </label>
      <Button
        label={texts.planes.previousOf(label)}
        keys={keys[0]}
        icon={ICONS.previous}
        kind="quiet"
        isDisabled={at === 0}
        onClick={() => go(at - 1)}
      />
      <input
        type="range"
        min={1}
        max={n}
        value={shownNumber(at)}
        aria-label={label}
        aria-valuetext={texts.planes.place(shownNumber(at), n)}
        title={axisTitle(label, keys, name === "t")}
        onInput={(event) => go(event.currentTarget.valueAsNumber - 1)}
      />
      <Button
        label={texts.planes.nextOf(label)}
        keys={keys[1]}
        icon={ICONS.next}
        kind="quiet"
        isDisabled={at === n - 1}
        onClick={() => go(at + 1)}
      />
      <input
        id={id}
        class="axis-number"
        type="number"
        min={1}
        max={n}
        value={shownNumber(at)}
        onChange={(event) => {
          const { valueAsNumber } = event.currentTarget;
          if (Number.isFinite(valueAsNumber)) go(valueAsNumber - 1);
          event.currentTarget.value = String(shownNumber(at));
        }}
        onKeyDown={(event) => {
          // Keys belong to the image again; leaving the field takes its number.
          if (event.key === "Enter") leave();
        }}
      />
      <span class="axis-total">{texts.planes.of(n)}</span>
    </div>
  );
}

function Projection({ actions }: { actions: EditorActions }) {
  const { isProjected, stackSize } = actions.model;
  const isOn = isProjected.value;
  const isTooDeep = stackSize.value.nZ > MOST_PROJECTED;
  return (
    <Button
      label={texts.planes.maximumOverZ}
      keys={isTooDeep ? texts.planes.atMost(MOST_PROJECTED) : keyOf("projection")}
      isPressed={isOn}
      onClick={() => void actions.planes.project(!isOn)}
    >
      <span>{texts.planes.maximum}</span>
    </Button>
  );
}

/** Says over the image that it is no single plane. */
export function ProjectionNote({ actions }: { actions: EditorActions }) {
  const { isProjected, plane } = actions.model;
  if (!isProjected.value) return null;
  return <p class="stage-note">{texts.planes.maximumShown(shownNumber(plane.value.z))}</p>;
}
