/** Adding a class, or changing one: name, colour, key, place, and deleting it. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ClassJson } from "../../api/types";
import type { EditorActions } from "./actions";
import { freeKeys, nextColour } from "./class_words";
import { Button } from "./parts";

interface FormProps {
  readonly actions: EditorActions;
  /** Without one a class is added. */
  readonly one?: ClassJson;
  readonly onClose: () => void;
}

export function ClassForm({ actions, one, onClose }: FormProps) {
  const classes = actions.model.classes.value;
  const keys = freeKeys(classes, one?.key);
  const [name, setName] = useState(one?.name ?? "");
  const [colour, setColour] = useState(one?.colour ?? nextColour(classes));
  const [key, setKey] = useState(one?.key ?? keys[0] ?? "");
  const [description, setDescription] = useState(one?.description ?? "");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);

  // Who opened the form is about to type here: no key may go elsewhere meanwhile.
  useLayoutEffect(() => first.current?.focus(), []);

  async function run(act: () => Promise<string | undefined>): Promise<void> {
    setBusy(true);
    const refusal = await act();
    setBusy(false);
    setProblem(refusal);
    if (refusal === undefined) onClose();
  }

  function save(): Promise<string | undefined> {
    const given = { name, colour, key, description };
    return one ? actions.classes.change(one.id, given) : actions.classes.add(given);
  }

  return (
    <form
      class="class-form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(save);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          type="text"
          value={name}
          maxLength={64}
          required
          ref={first}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <div class="class-fields">
        <label class="field">
          <span>Colour</span>
          <input
            type="color"
            value={colour}
            onInput={(event) => setColour(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Key</span>
          <select value={key} onChange={(event) => setKey(event.currentTarget.value)}>
            <option value="">None</option>
            {keys.map((free) => (
              <option key={free} value={free}>
                {free.toUpperCase()}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span>What to mark as this (optional)</span>
        <input
          type="text"
          value={description}
          maxLength={500}
          onInput={(event) => setDescription(event.currentTarget.value)}
        />
      </label>
      {problem && (
        <p class="form-problem" role="alert">
          {problem}
        </p>
      )}
      <div class="row">
        <button type="submit" class="button button-primary" disabled={isBusy}>
          {one ? "Save" : "Add"}
        </button>
        <Button label="Cancel" onClick={onClose}>
          <span>Cancel</span>
        </Button>
      </div>
      {one && <Rest actions={actions} one={one} run={run} />}
    </form>
  );
}

/** Its place in the list, and its end. */
function Rest(props: {
  readonly actions: EditorActions;
  readonly one: ClassJson;
  readonly run: (act: () => Promise<string | undefined>) => Promise<void>;
}) {
  const { actions, one, run } = props;
  const classes = actions.model.classes.value;
  const at = classes.findIndex((other) => other.id === one.id);
  const [inUse, setInUse] = useState<string>();
  const [heir, setHeir] = useState("");
  const move = (by: number) =>
    void actions.classes.change(one.id, { position: at + by }).then(() => undefined);
  const ask = async () => setInUse(await actions.classes.countOf(one.id));
  if (inUse === undefined) {
    return (
      <div class="row">
        <Button label={`Move ${one.name} up`} isDisabled={at <= 0} onClick={() => move(-1)}>
          <span>Up</span>
        </Button>
        <Button
          label={`Move ${one.name} down`}
          isDisabled={at >= classes.length - 1}
          onClick={() => move(1)}
        >
          <span>Down</span>
        </Button>
        <Button label={`Delete ${one.name}`} kind="danger" onClick={() => void ask()}>
          <span>Delete…</span>
        </Button>
      </div>
    );
  }
  return (
    <fieldset class="class-end">
      <legend>Delete {one.name}</legend>
      <p class="hint">{inUse}</p>
      <label class="field">
        <span>Its objects become</span>
        <select value={heir} onChange={(event) => setHeir(event.currentTarget.value)}>
          <option value="">No class</option>
          {classes
            .filter((other) => other.id !== one.id)
            .map((other) => (
              <option key={other.id} value={other.name}>
                {other.name}
              </option>
            ))}
        </select>
      </label>
      <div class="row">
        <Button
          label={`Delete ${one.name} for good`}
          kind="danger"
          onClick={() => void run(() => actions.classes.remove(one.id, heir))}
        >
          <span>Delete for good</span>
        </Button>
        <Button label="Keep it" onClick={() => setInUse(undefined)}>
          <span>Keep it</span>
        </Button>
      </div>
    </fieldset>
  );
}
