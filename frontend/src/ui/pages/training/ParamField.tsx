/** One parameter of an engine as a field. */

import type { EngineParam } from "../../../api/page_types";

interface Props {
  readonly param: EngineParam;
  readonly value: string | boolean | undefined;
  readonly problem: string | undefined;
  readonly onChange: (value: string | boolean) => void;
}

export function ParamField({ param, value, problem, onChange }: Props) {
  const id = `param-${param.name}`;
  const described = `${id}-hint${problem ? ` ${id}-problem` : ""}`;
  const label = <label for={id}>{param.title}</label>;
  const notes = (
    <>
      <p class="hint" id={`${id}-hint`}>
        {param.help}
      </p>
      {problem && (
        <p class="field-error" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </>
  );
  if (param.type === "bool") {
    return (
      <div class="field">
        <div class="field checkbox">
          <input
            id={id}
            type="checkbox"
            checked={value === undefined ? param.default === true : value === true}
            aria-describedby={described}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          {label}
        </div>
        {notes}
      </div>
    );
  }
  const shown = value === undefined ? String(param.default ?? "") : String(value);
  return (
    <div class="field">
      {label}
      {param.choices && param.choices.length > 0 ? (
        <select
          id={id}
          value={shown}
          aria-describedby={described}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {param.choices.map((choice) => (
            <option key={choice} value={String(choice)}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          inputMode={param.type === "str" ? "text" : param.type === "int" ? "numeric" : "decimal"}
          value={shown}
          aria-describedby={described}
          aria-invalid={problem ? true : undefined}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
      {notes}
    </div>
  );
}
