/** The objects of the annotation and the selected one. */
import { SHAPE_COMMANDS } from "../../tools/shaping";
import type { EditorActions } from "./actions";
import { blameText } from "./blame_desk";
import { ClassSelect } from "./ClassSelect";
import { Key } from "./KeyParts";
import { Button, count, plural, Section } from "./parts";
import { spanText } from "./planes";
import { areaText } from "./units";

const STATES: Readonly<Record<string, string>> = {
  accepted: "Drawn or accepted",
  edited: "Taken from a draft and edited",
  proposed: "Proposed",
  rejected: "Rejected",
};

/** Who made the object and who changed it last. */
function Blame({ actions, id }: { actions: EditorActions; id: number }) {
  const found = actions.blame.history.value;
  if (found?.instance_id !== id) return null;
  return (
    <p class="hint blame">
      {blameText(found)}{" "}
      <button type="button" class="link" onClick={() => actions.toggleHistory(id)}>
        Show its steps
      </button>
    </p>
  );
}

export function ObjectPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const facts = model.facts.value;
  const pixelSize = model.image.value?.pixelSizeUm ?? null;
  return (
    <Section title="Objects" aside={count(model.nObjects.value)}>
      {model.nObjects.value === 0 && (
        <p class="empty">
          Nothing is annotated yet. Take the brush <Key id="brush" /> and paint the first object;
          each new stroke on empty ground starts another.
        </p>
      )}
      {facts ? (
        <>
          <dl class="facts">
            <dt>Object</dt>
            <dd>{facts.id}</dd>
            <dt>{facts.depth > 1 ? "Volume" : "Area"}</dt>
            <dd>
              {facts.depth > 1 ? plural(facts.areaPx, "voxel") : areaText(facts.areaPx, pixelSize)}
            </dd>
            {model.stackSize.value.nZ > 1 && (
              <>
                <dt>Planes</dt>
                <dd>{spanText(facts)}</dd>
              </>
            )}
            {model.classes.value.length > 0 && (
              <>
                <dt>Class</dt>
                <dd>
                  <ClassSelect actions={actions} name={facts.className} />
                </dd>
              </>
            )}
            <dt>State</dt>
            <dd>{STATES[facts.state] ?? facts.state}</dd>
          </dl>
          <Blame actions={actions} id={facts.id} />
          <div class="row">
            <Button
              label="Show in the middle"
              keyFor="show-selected"
              onClick={() => actions.paint.revealSelected()}
            >
              <span>Show</span>
            </Button>
            <Button
              label="Delete object"
              keyFor="delete-chosen"
              kind="danger"
              onClick={() => actions.paint.deleteSelected()}
            >
              <span>Delete</span>
            </Button>
          </div>
          {model.mayAnnotate.value && <ShapeButtons actions={actions} />}
        </>
      ) : (
        model.nObjects.value > 0 && (
          <p class="hint">
            Click an object with <Key id="select" otherwise="Select" /> to select it.
          </p>
        )
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={model.startsNew.value}
          onChange={(event) => {
            model.startsNew.value = event.currentTarget.checked;
          }}
        />
        <span>A stroke on empty ground starts a new object</span>
      </label>
    </Section>
  );
}

/** Changes to the shape of the selected object. */
function ShapeButtons({ actions }: { actions: EditorActions }) {
  return (
    <fieldset class="shape-buttons">
      <legend class="sr-only">Shape of the selected object</legend>
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
