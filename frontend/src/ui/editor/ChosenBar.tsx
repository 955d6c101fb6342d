/** How many objects are chosen, and what can be done to all of them. */
import type { EditorActions } from "./actions";
import { Button, ICONS, plural, Segments } from "./parts";

/** Options of the tool: the way of drawing, and the layer. */
export function ChooseOptions({ actions }: { actions: EditorActions }) {
  const { model, many } = actions;
  return (
    <>
      <Segments
        legend="What a drag draws"
        value={model.isLasso.value ? "lasso" : "box"}
        choices={[
          { value: "box", label: "Box", title: "Drag a box; Ctrl draws a lasso" },
          { value: "lasso", label: "Lasso", title: "Draw around objects; Ctrl draws a box" },
        ]}
        onChange={(way) => {
          model.isLasso.value = way === "lasso";
        }}
      />
      <AmongChoice actions={actions} legend="Whose objects are chosen" />
      <Button label="Choose all in view" keyFor="choose-in-view" onClick={() => many.inView()}>
        <span>All in view</span>
      </Button>
    </>
  );
}

/** Annotation or draft; nothing where no draft can be seen. */
export function AmongChoice({ actions, legend }: { actions: EditorActions; legend: string }) {
  const { model, many } = actions;
  if (model.draftId.value === undefined || model.isBlind.value) return null;
  return (
    <Segments
      legend={legend}
      value={many.among}
      choices={[
        { value: "annotation", label: "Annotation" },
        { value: "draft", label: "Draft" },
      ]}
      onChange={(among) => {
        model.among.value = among;
      }}
    />
  );
}

/** There with any tool while something is chosen. */
export function ChosenBar({ actions }: { actions: EditorActions }) {
  const { model, many } = actions;
  const { among, ids } = model.chosen.value;
  if (ids.size === 0) return null;
  const isDraft = among === "draft";
  return (
    <fieldset class="chosen-bar">
      <legend class="sr-only">Chosen objects</legend>
      <strong class="chosen-count">{plural(ids.size, isDraft ? "draft object" : "object")}</strong>
      {isDraft && (
        <>
          <Button label="Accept the chosen" keyFor="accept" onClick={() => many.accept()}>
            <span>Accept</span>
          </Button>
          <Button
            label="Reject the chosen"
            keyFor="reject"
            kind="danger"
            onClick={() => many.reject()}
          >
            <span>Reject</span>
          </Button>
        </>
      )}
      {!isDraft && (
        <>
          <Button
            label="Delete the chosen"
            keyFor="delete-chosen"
            kind="danger"
            onClick={() => many.remove()}
          >
            <span>Delete</span>
          </Button>
          <Button
            label="Merge the chosen into one object"
            isDisabled={ids.size < 2}
            onClick={() => many.merge()}
          >
            <span>Merge</span>
          </Button>
        </>
      )}
      <ClassOfChosen actions={actions} />
      <Button
        label="Choose none"
        keys="Esc"
        icon={ICONS.close}
        kind="quiet"
        onClick={() => many.none()}
      />
    </fieldset>
  );
}

function ClassOfChosen({ actions }: { actions: EditorActions }) {
  const classes = actions.model.classes.value;
  if (classes.length === 0) return null;
  return (
    <select
      aria-label="Class for the chosen"
      value="?"
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "?";
        actions.many.setClass(value);
      }}
    >
      <option value="?" disabled>
        Class…
      </option>
      {classes.map((one) => (
        <option key={one.id} value={one.name}>
          {one.name}
        </option>
      ))}
      <option value="">No class</option>
    </select>
  );
}
