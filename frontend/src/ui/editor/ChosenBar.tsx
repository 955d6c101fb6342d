/** How many objects are chosen, and what can be done to all of them. */

import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Button, ICONS, Segments } from "./parts";

/** Options of the tool: the way of drawing, and the layer. */
export function ChooseOptions({ actions }: { actions: EditorActions }) {
  const { model, many } = actions;
  return (
    <>
      <Segments
        legend={texts.objects.chosen.whatADragDraws}
        value={model.isLasso.value ? "lasso" : "box"}
        choices={[
          { value: "box", label: texts.objects.chosen.box, title: texts.objects.chosen.boxHelp },
          {
            value: "lasso",
            label: texts.objects.chosen.lasso,
            title: texts.objects.chosen.lassoHelp,
          },
        ]}
        onChange={(way) => {
          model.isLasso.value = way === "lasso";
        }}
      />
      <AmongChoice actions={actions} legend={texts.objects.chosen.whose} />
      <Button
        label={texts.objects.chosen.chooseInView}
        keyFor="choose-in-view"
        onClick={() => many.inView()}
      >
        <span>{texts.objects.chosen.allInView}</span>
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
        { value: "annotation", label: texts.objects.chosen.annotation },
        { value: "draft", label: texts.objects.chosen.draft },
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
      <legend class="sr-only">{texts.objects.chosen.title}</legend>
      <strong class="chosen-count">{texts.objects.nObjects(ids.size, isDraft)}</strong>
      {isDraft && (
        <>
          <Button label={texts.objects.chosen.acceptThem} keys="A" onClick={() => many.accept()}>
            <span>{texts.objects.chosen.accept}</span>
          </Button>
          <Button
            label={texts.objects.chosen.rejectThem}
            keyFor="reject"
            kind="danger"
            onClick={() => many.reject()}
          >
            <span>{texts.objects.chosen.reject}</span>
          </Button>
        </>
      )}
      {!isDraft && (
        <>
          <Button
            label={texts.objects.chosen.deleteThem}
            keyFor="delete-chosen"
            kind="danger"
            onClick={() => many.remove()}
          >
            <span>{texts.objects.chosen.remove}</span>
          </Button>
          <Button
            label={texts.objects.chosen.mergeThem}
            isDisabled={ids.size < 2}
            onClick={() => many.merge()}
          >
            <span>{texts.objects.chosen.merge}</span>
          </Button>
        </>
      )}
      <ClassOfChosen actions={actions} />
      <Button
        label={texts.objects.chosen.chooseNone}
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
      aria-label={texts.objects.chosen.classForThem}
      value="?"
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "?";
        actions.many.setClass(value);
      }}
    >
      <option value="?" disabled>
        {texts.objects.chosen.classMenu}
      </option>
      {classes.map((one) => (
        <option key={one.id} value={one.name}>
          {one.name}
        </option>
      ))}
      <option value="">{texts.classes.noClass}</option>
    </select>
  );
}
