/** What is promised about parts of the image: it decides which pixels teach. */
import { useState } from "preact/hooks";
import type { Rect } from "../../geometry/rect";
import type { Span } from "../../store/types";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import type { Coverage, Purpose, RegionInfo } from "./model";
import { Button, count, Section } from "./parts";
import { shownNumber, spanText } from "./planes";
import { COVERAGES, coverageLabel, PURPOSES } from "./region_words";

export function RegionPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const regions = model.regions.value;
  const drawn = model.drawnBox.value;
  return (
    <Section
      title={texts.regions.title}
      name="regions"
      aside={regions.length > 0 ? count(regions.length) : undefined}
    >
      {drawn ? (
        <Declare actions={actions} box={drawn} />
      ) : (
        <>
          {regions.length === 0 && (
            <p class="empty">
              {texts.regions.why}{" "}
              {model.mayAnnotate.value ? texts.regions.declareOne : texts.regions.noneDeclared}
            </p>
          )}
          {model.mayAnnotate.value && (
            <div class="row">
              <Button
                label={texts.regions.declareWholeImage}
                onClick={() => actions.desk.proposeWholeImage()}
              >
                <span>{texts.regions.wholeImage}</span>
              </Button>
              <Button
                label={texts.regions.drawBox}
                keyFor="region"
                onClick={() => actions.paint.chooseTool("region")}
              >
                <span>{texts.regions.drawBox}</span>
              </Button>
            </div>
          )}
        </>
      )}
      <ul class="regions">
        {regions.map((region) => (
          <RegionItem key={region.id} actions={actions} region={region} />
        ))}
      </ul>
    </Section>
  );
}

function Declare({ actions, box }: { actions: EditorActions; box: Rect }) {
  const [coverage, setCoverage] = useState<Coverage>("complete");
  const [purpose, setPurpose] = useState<Purpose>("training");
  const { plane, stackSize } = actions.model;
  const { nZ } = stackSize.value;
  const here = { ...plane.value, depth: 1 };
  const [chosen, setChosen] = useState<Span>();
  const planes = chosen?.t === here.t ? chosen : here;
  return (
    <form
      class="declare"
      onSubmit={(event) => {
        event.preventDefault();
        actions.desk.declare(box, coverage, purpose, planes);
      }}
    >
      <p class="hint">
        {texts.regions.holds(box.x1 - box.x0, box.y1 - box.y0, actions.desk.objectsIn(box, planes))}
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
        <Button label={texts.common.cancel} onClick={() => actions.desk.drop()}>
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

function RegionItem({ actions, region }: { actions: EditorActions; region: RegionInfo }) {
  const { model } = actions;
  const isChosen = model.chosenRegion.value === region.id;
  const isOpen = region.state === "open";
  const { box } = region;
  const size = `${count(box.x1 - box.x0)} × ${count(box.y1 - box.y0)}`;
  const { nZ, nT } = model.stackSize.value;
  const where = [
    ...(nZ > 1 ? [spanText(region)] : []),
    ...(nT > 1 ? [`t ${shownNumber(region.t)}`] : []),
  ].join(", ");
  return (
    <li class={`region${isChosen ? " is-chosen" : ""}`}>
      <button
        type="button"
        class="region-head"
        aria-expanded={isChosen}
        onClick={() => actions.desk.show(region)}
      >
        <span class={`region-mark region-${region.coverage}`} aria-hidden="true" />
        <span class="region-name">
          {coverageLabel(region.coverage)}
          {region.purpose === "blind_validation" ? texts.regions.isBlind : ""}
        </span>
        <span class="region-size">
          {size}
          {where && `, ${where}`}
        </span>
        <span class={`badge badge-${region.state}`}>
          {isOpen ? texts.regions.states.open : texts.regions.states.submitted}
        </span>
      </button>
      {isChosen && <RegionMenu actions={actions} region={region} />}
    </li>
  );
}

function RegionMenu({ actions, region }: { actions: EditorActions; region: RegionInfo }) {
  const n = actions.desk.objectsIn(region.box, region);
  // Read so that the count follows the painting.
  void actions.model.nObjects.value;
  if (region.state === "submitted") {
    return (
      <div class="region-menu">
        <Why actions={actions} region={region} />
        <p class="hint">{texts.regions.frozen}</p>
        <div class="row">
          <Button label={texts.regions.reopenRegion} onClick={() => actions.desk.reopen(region)}>
            <span>{texts.regions.reopen}</span>
          </Button>
          {actions.guide.of(region) && (
            <Button
              label={texts.regions.nextSuggestion}
              keyFor="next-suggestion"
              kind="primary"
              onClick={() => actions.guide.next()}
            >
              <span>{texts.regions.nextSuggestion}</span>
            </Button>
          )}
        </div>
      </div>
    );
  }
  return (
    <div class="region-menu">
      <Why actions={actions} region={region} />
      <label class="field">
        <span>{texts.regions.whatIsAnnotated}</span>
        <select
          value={region.coverage}
          onChange={(event) => {
            actions.desk.change(region, { coverage: event.currentTarget.value as Coverage });
          }}
        >
          {COVERAGES.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      <p class="hint">{COVERAGES.find((one) => one.value === region.coverage)?.help}</p>
      <p class="hint">
        {texts.regions.submittingKeeps(n)}{" "}
        {region.purpose === "training"
          ? texts.regions.learnsFromCopy
          : texts.regions.measuredAgainst}
      </p>
      <div class="row">
        <Button
          label={texts.regions.submit}
          keyFor="submit-region"
          kind="primary"
          onClick={() => actions.desk.submit(region)}
        >
          <span>{texts.regions.submit}</span>
        </Button>
        <Button
          label={texts.regions.removeRegion}
          kind="danger"
          onClick={() => actions.desk.remove(region)}
        >
          <span>{texts.regions.remove}</span>
        </Button>
      </div>
    </div>
  );
}

/** Why the region was suggested, if it was. */
function Why({ actions, region }: { actions: EditorActions; region: RegionInfo }) {
  const suggestion = actions.guide.of(region);
  if (!suggestion) return null;
  return (
    <p class="why">
      <strong>{texts.regions.suggested}</strong> {suggestion.reason}
    </p>
  );
}
