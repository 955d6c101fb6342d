/** The class of the selected object, to be read and changed. */

import * as texts from "../../texts";
import type { EditorActions } from "./actions";

export function ClassSelect({ actions, name }: { actions: EditorActions; name: string }) {
  const { classes, mayAnnotate } = actions.model;
  const isKnown = name === "" || classes.value.some((one) => one.name === name);
  if (!mayAnnotate.value) return <>{name || texts.classes.select.none}</>;
  return (
    <select
      aria-label={texts.classes.select.title}
      value={name}
      onChange={(event) => actions.classes.setOfSelected(event.currentTarget.value)}
    >
      <option value="">{texts.classes.select.none}</option>
      {!isKnown && (
        <option value={name} disabled>
          {texts.classes.select.foreign(name)}
        </option>
      )}
      {classes.value.map((one) => (
        <option key={one.id} value={one.name}>
          {one.name}
        </option>
      ))}
    </select>
  );
}
