/** The class of the selected object, to be read and changed. */
import type { EditorActions } from "./actions";

export function ClassSelect({ actions, name }: { actions: EditorActions; name: string }) {
  const { classes, mayAnnotate } = actions.model;
  const isKnown = name === "" || classes.value.some((one) => one.name === name);
  if (!mayAnnotate.value) return <>{name || "None"}</>;
  return (
    <select
      aria-label="Class of the selected object"
      value={name}
      onChange={(event) => actions.classes.setOfSelected(event.currentTarget.value)}
    >
      <option value="">None</option>
      {!isKnown && (
        <option value={name} disabled>
          {name} (not in this project)
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
