/** Saying what a region holds that was just drawn. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Rect } from "../../geometry/rect";
import type { Span } from "../../labels/spans";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import type { Coverage, Purpose } from "./model";
import { Button } from "./parts";
import { shownNumber } from "./planes";
import { COVERAGES, PURPOSES } from "./region_words";

export function DeclareRegion({ actions, box }: { actions: EditorActions; box: Rect }) {
  const [coverage, setCoverage] = useState<Coverage>("complete");
  const [purpose, setPurpose] = useState<Purpose>("training");
  const { plane, stackSize } = actions.model;
  const { nZ } = stackSize.value;
  const here = { ...plane.value, depth: 1 };
  const [chosen, setChosen] = useState<Span>();
  const planes = chosen?.t === here.t ? chosen : here;
  const form = useRef<HTMLFormElement>(null);
  // Whoever draws looks at the image: what is to be said now must not wait out of sight.
  useEffect(() => {
    const section = form.current?.closest("details");
    if (section) section.open = true;
    form.current?.scrollIntoView({ block: "nearest" });
  }, [box]);
  return (
    <form
      class="declare"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        actions.regions.declare(box, coverage, purpose, planes);
      }}
    >
      <p class="hint">
        {texts.regions.holds(
          box.x1 - box.x0,
          box.y1 - box.y0,
          actions.regions.objectsIn(box, planes),
        )}
      </p>
      {nZ > 1 && <Planes nZ={nZ} here={here} value={planes} onChange={setChosen} />}
      <Radios
        legend={texts.regions.whatIsAnnotated}
        name="coverage"
        choices={COVERAGES}
        value={coverage}
        onChange={setCoverage}
      />
      <Radios
        legend={texts.regions.whatItIsFor}
        name="purpose"
        choices={PURPOSES}
        value={purpose}
        onChange={setPurpose}
      />
      <div class="row">
        <button type="submit" class="button button-primary">
          {texts.regions.open}
        </button>
        <Button label={texts.common.cancel} onClick={() => actions.regions.drop()}>
          <span>{texts.common.cancel}</span>
        </Button>
      </div>
    </form>
  );
}

/** From which plane to which a region of a stack reaches. */
function Planes(props: {
  readonly nZ: number;
  readonly here: Span;
  readonly value: Span;
  readonly onChange: (planes: Span | undefined) => void;
}) {
  const { nZ, here, value, onChange } = props;
  const last = value.z + value.depth - 1;
  const set = (from: number, to: number) => {
    if (!Number.isFinite(from + to)) return;
    const z = Math.max(0, Math.min(from, to, nZ - 1));
    const end = Math.min(nZ - 1, Math.max(from, to, 0));
    onChange({ t: here.t, z, depth: end - z + 1 });
  };
  return (
    <fieldset class="region-planes">
      <legend>{texts.regions.depth.title}</legend>
      <div class="row">
        <PlaneNumber
          label={texts.regions.depth.first}
          nZ={nZ}
          at={value.z}
          set={(z) => set(z, last)}
        />
        <span>{texts.regions.depth.to}</span>
        <PlaneNumber
          label={texts.regions.depth.last}
          nZ={nZ}
          at={last}
          set={(z) => set(value.z, z)}
        />
        <Button
          label={texts.regions.depth.thisOneHelp}
          isDisabled={value.depth === 1 && value.z === here.z}
          onClick={() => onChange(undefined)}
        >
          <span>{texts.regions.depth.thisOne}</span>
        </Button>
        <Button
          label={texts.regions.depth.allPlanes}
          isDisabled={value.depth === nZ}
          onClick={() => set(0, nZ - 1)}
        >
          <span>{texts.regions.depth.all}</span>
        </Button>
      </div>
      {value.depth > 1 && <p class="hint">{texts.regions.depth.holdsIn(value.depth)}</p>}
    </fieldset>
  );
}

function PlaneNumber(props: {
  readonly label: string;
  readonly nZ: number;
  readonly at: number;
  readonly set: (z: number) => void;
}) {
  return (
    <input
      type="number"
      class="axis-number"
      min={1}
      max={props.nZ}
      value={shownNumber(props.at)}
      aria-label={props.label}
      onChange={(event) => props.set(event.currentTarget.valueAsNumber - 1)}
    />
  );
}

function Radios<T extends string>(props: {
  readonly legend: string;
  readonly name: string;
  readonly choices: readonly { value: T; label: string; help: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}) {
  return (
    <fieldset class="radios">
      <legend>{props.legend}</legend>
      {props.choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={props.name}
            checked={choice.value === props.value}
            onChange={() => props.onChange(choice.value)}
          />
          <span>
            <strong>{choice.label}</strong> <small>{choice.help}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
