/** The objects of the annotation and the selected one. */

import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import { SHAPE_COMMANDS } from "../../tools/shaping";
import type { EditorActions } from "./actions";
import { blameText } from "./blame_desk";
import { ClassSelect } from "./ClassSelect";
import { Key } from "./KeyParts";
import { Button, Check, Section } from "./parts";
import { spanText } from "./planes";
import { TourButton } from "./Tour";
import { areaText } from "./units";

const STATES: Readonly<Record<string, string>> = {
  accepted: texts.objects.states.painted,
  edited: texts.objects.states.edited,
  proposed: texts.objects.states.proposed,
  rejected: texts.objects.states.rejected,
};

/** Who made the object and who changed it last. */
function Blame({ actions, id }: { actions: EditorActions; id: number }) {
  const found = actions.blame.history.value;
  if (found?.instance_id !== id) return null;
  return (
    <p class="hint blame">
      {blameText(found)}{" "}
      <button type="button" class="link" onClick={() => actions.toggleHistory(id)}>
        {texts.objects.showSteps}
      </button>
    </p>
  );
}

function NoObjects({ actions }: { actions: EditorActions }) {
  if (!actions.model.mayAnnotate.value) return <p class="empty">{texts.objects.noneToSee}</p>;
  return (
    <>
      <p class="empty">{texts.objects.noneYet(<Key id="brush" />)}</p>
      <TourButton actions={actions} />
    </>
  );
}

export function ObjectPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const facts = model.facts.value;
  const pixelSize = model.image.value?.pixelSizeUm ?? null;
  return (
    <Section title={texts.objects.title} aside={count(model.nObjects.value)}>
      {model.nObjects.value === 0 && <NoObjects actions={actions} />}
      {facts ? (
        <>
          <dl class="facts">
            <dt>{texts.objects.one}</dt>
            <dd>{facts.id}</dd>
            <dt>{facts.depth > 1 ? texts.objects.volume : texts.objects.area}</dt>
            <dd>
              {facts.depth > 1
                ? texts.objects.nVoxels(facts.areaPx)
                : areaText(facts.areaPx, pixelSize)}
            </dd>
            {model.stackSize.value.nZ > 1 && (
              <>
                <dt>{texts.objects.planes}</dt>
                <dd>{spanText(facts)}</dd>
              </>
            )}
            {model.classes.value.length > 0 && (
              <>
                <dt>{texts.objects.className}</dt>
                <dd>
                  <ClassSelect actions={actions} name={facts.className} />
                </dd>
              </>
            )}
            <dt>{texts.objects.state}</dt>
            <dd>{STATES[facts.state] ?? facts.state}</dd>
          </dl>
          <Blame actions={actions} id={facts.id} />
          <div class="row">
            <Button
              label={texts.objects.showInTheMiddle}
              keyFor="show-selected"
              onClick={() => actions.paint.revealSelected()}
            >
              <span>{texts.objects.show}</span>
            </Button>
            <Button
              label={texts.objects.removeOne}
              keyFor="delete-chosen"
              kind="danger"
              onClick={() => actions.paint.deleteSelected()}
            >
              <span>{texts.objects.remove}</span>
            </Button>
          </div>
          {model.mayAnnotate.value && <ShapeButtons actions={actions} />}
        </>
      ) : (
        model.nObjects.value > 0 && (
          <p class="hint">
            {texts.objects.clickToSelect(<Key id="select" otherwise={texts.tools.select.label} />)}
          </p>
        )
      )}
      {model.mayAnnotate.value && (
        <Check
          isOn={model.startsNew.value}
          onChange={(isOn) => {
            model.startsNew.value = isOn;
          }}
        >
          {texts.objects.strokeStartsNew}
        </Check>
      )}
    </Section>
  );
}

/** Changes to the shape of the selected object. */
function ShapeButtons({ actions }: { actions: EditorActions }) {
  return (
    <fieldset class="shape-buttons">
      <legend class="sr-only">{texts.objects.shape}</legend>
      {SHAPE_COMMANDS.map((command) => (
        <Button
          key={command.how}
          label={command.label}
          keyFor={command.how}
          onClick={() => actions.paint.reshape(command)}
        >
          <span>{command.short}</span>
        </Button>
      ))}
    </fieldset>
  );
}
