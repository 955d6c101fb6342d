/** What is promised about parts of the image: it decides which pixels teach. */
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import type { EditorActions } from "./actions";
import { DeclareRegion } from "./DeclareRegion";
import type { Coverage, RegionInfo } from "./model";
import { Button, Section } from "./parts";
import { shownNumber, spanText } from "./planes";
import { COVERAGES, coverageLabel } from "./region_words";

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
        <DeclareRegion actions={actions} box={drawn} />
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
                onClick={() => actions.regions.proposeWholeImage()}
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
        onClick={() => actions.regions.show(region)}
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
  const n = actions.regions.objectsIn(region.box, region);
  // Read so that the count follows the painting.
  void actions.model.nObjects.value;
  if (region.state === "submitted") {
    return (
      <div class="region-menu">
        <Why actions={actions} region={region} />
        <p class="hint">{texts.regions.frozen}</p>
        <div class="row">
          <Button label={texts.regions.reopenRegion} onClick={() => actions.regions.reopen(region)}>
            <span>{texts.regions.reopen}</span>
          </Button>
          {actions.suggestions.of(region) && (
            <Button
              label={texts.regions.nextSuggestion}
              keyFor="next-suggestion"
              kind="primary"
              onClick={() => actions.suggestions.next()}
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
            actions.regions.change(region, { coverage: event.currentTarget.value as Coverage });
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
          onClick={() => actions.regions.submit(region)}
        >
          <span>{texts.regions.submit}</span>
        </Button>
        <Button
          label={texts.regions.removeRegion}
          kind="danger"
          onClick={() => actions.regions.remove(region)}
        >
          <span>{texts.regions.remove}</span>
        </Button>
      </div>
    </div>
  );
}

/** Why the region was suggested, if it was. */
function Why({ actions, region }: { actions: EditorActions; region: RegionInfo }) {
  const suggestion = actions.suggestions.of(region);
  if (!suggestion) return null;
  return (
    <p class="why">
      <strong>{texts.regions.suggested}</strong> {suggestion.reason}
    </p>
  );
}
