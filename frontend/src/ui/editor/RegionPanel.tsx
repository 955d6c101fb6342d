/** What is promised about parts of the image: it decides which pixels teach. */
import { useState } from "preact/hooks";
import type { Rect } from "../../geometry/rect";
import type { EditorActions } from "./actions";
import type { Coverage, Purpose, RegionInfo } from "./model";
import { Button, count, plural, Section } from "./parts";
import { COVERAGES, coverageLabel, PURPOSES } from "./region_words";

export function RegionPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const regions = model.regions.value;
  const drawn = model.drawnBox.value;
  return (
    <Section title="Regions" aside={regions.length > 0 ? count(regions.length) : undefined}>
      {drawn ? (
        <Declare actions={actions} box={drawn} />
      ) : (
        <>
          {regions.length === 0 && (
            <p class="empty">
              Only what lies in a submitted region teaches a model. Declare the whole image, or draw
              a box around the part you annotate.
            </p>
          )}
          <div class="row">
            <Button
              label="Declare the whole image"
              onClick={() => actions.desk.proposeWholeImage()}
            >
              <span>Whole image</span>
            </Button>
            <Button label="Draw a box" keys="G" onClick={() => actions.paint.chooseTool("region")}>
              <span>Draw a box</span>
            </Button>
          </div>
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
  return (
    <form
      class="declare"
      onSubmit={(event) => {
        event.preventDefault();
        actions.desk.declare(box, coverage, purpose);
      }}
    >
      <p class="hint">
        {count(box.x1 - box.x0)} × {count(box.y1 - box.y0)} px with{" "}
        {plural(actions.desk.objectsIn(box), "object")}
      </p>
      <Radios
        legend="What is annotated"
        name="coverage"
        choices={COVERAGES}
        value={coverage}
        onChange={setCoverage}
      />
      <Radios
        legend="What it is for"
        name="purpose"
        choices={PURPOSES}
        value={purpose}
        onChange={setPurpose}
      />
      <div class="row">
        <button type="submit" class="button button-primary">
          Open region
        </button>
        <Button label="Cancel" onClick={() => actions.desk.drop()}>
          <span>Cancel</span>
        </Button>
      </div>
    </form>
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
          {region.purpose === "blind_validation" ? " · blind validation" : ""}
        </span>
        <span class="region-size">{size}</span>
        <span class={`badge badge-${region.state}`}>{isOpen ? "open" : "submitted"}</span>
      </button>
      {isChosen && <RegionMenu actions={actions} region={region} />}
    </li>
  );
}

function RegionMenu({ actions, region }: { actions: EditorActions; region: RegionInfo }) {
  const n = actions.desk.objectsIn(region.box);
  // Read so that the count follows the painting.
  void actions.model.nObjects.value;
  if (region.state === "submitted") {
    return (
      <div class="region-menu">
        <Why actions={actions} region={region} />
        <p class="hint">
          Models use the labels as they were when it was submitted. To change them, reopen it,
          correct, and submit again.
        </p>
        <div class="row">
          <Button label="Reopen region" onClick={() => actions.desk.reopen(region)}>
            <span>Reopen</span>
          </Button>
          {actions.guide.of(region) && (
            <Button
              label="Next suggestion"
              keys="Shift+G"
              kind="primary"
              onClick={() => actions.guide.next()}
            >
              <span>Next suggestion</span>
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
        <span>What is annotated</span>
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
        Submitting keeps a copy of the {plural(n, "object")} inside as they are now.{" "}
        {region.purpose === "training"
          ? "The next training learns from that copy."
          : "Every model version is measured against it."}
      </p>
      <div class="row">
        <Button
          label="Submit region"
          keys="Ctrl+Enter"
          kind="primary"
          onClick={() => actions.desk.submit(region)}
        >
          <span>Submit region</span>
        </Button>
        <Button label="Delete region" kind="danger" onClick={() => actions.desk.remove(region)}>
          <span>Delete</span>
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
      <strong>Suggested:</strong> {suggestion.reason}
    </p>
  );
}
