/** Adding a class, or changing one: name, colour, key, place, and deleting it. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ClassJson } from "../../api/types";
import * as texts from "../../texts";
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
        <span>{texts.classes.form.name}</span>
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
          <span>{texts.classes.form.colour}</span>
          <input
            type="color"
            value={colour}
            onInput={(event) => setColour(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{texts.classes.form.key}</span>
          <select value={key} onChange={(event) => setKey(event.currentTarget.value)}>
            <option value="">{texts.classes.form.noKey}</option>
            {keys.map((free) => (
              <option key={free} value={free}>
                {free.toUpperCase()}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span>{texts.classes.form.hint}</span>
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
          {one ? texts.classes.form.save : texts.classes.form.add}
        </button>
        <Button label={texts.common.cancel} onClick={onClose}>
          <span>{texts.common.cancel}</span>
        </Button>
      </div>
      {one && <Rest actions={actions} one={one} run={run} />}
    </form>
  );
}

/** Its place in the list, or its end once that was asked for. */
function Rest({ actions, one, run }: Pick<EndProps, "actions" | "one" | "run">) {
  const [inUse, setInUse] = useState<string>();
  const [heir, setHeir] = useState("");
  const ask = async () => setInUse(await actions.classes.countOf(one.id));
  if (inUse === undefined) return <Place actions={actions} one={one} onEnd={() => void ask()} />;
  return (
    <End
      {...{ actions, one, run, inUse, heir }}
      onHeir={setHeir}
      onKeep={() => setInUse(undefined)}
    />
  );
}

function Place(props: {
  readonly actions: EditorActions;
  readonly one: ClassJson;
  readonly onEnd: () => void;
}) {
  const { actions, one, onEnd } = props;
  const classes = actions.model.classes.value;
  const at = classes.findIndex((other) => other.id === one.id);
  const move = (by: number) =>
    void actions.classes.change(one.id, { position: at + by }).then(() => undefined);
  return (
    <div class="row">
      <Button
        label={texts.classes.form.moveUp(one.name)}
        isDisabled={at <= 0}
        onClick={() => move(-1)}
      >
        <span>{texts.classes.form.up}</span>
      </Button>
      <Button
        label={texts.classes.form.moveDown(one.name)}
        isDisabled={at >= classes.length - 1}
        onClick={() => move(1)}
      >
        <span>{texts.classes.form.down}</span>
      </Button>
      <Button label={texts.classes.form.removeOne(one.name)} kind="danger" onClick={onEnd}>
        <span>{texts.classes.form.removeMenu}</span>
      </Button>
    </div>
  );
}

interface EndProps {
  readonly actions: EditorActions;
  readonly one: ClassJson;
  /** Act, and close the form unless it is refused. */
  readonly run: (act: () => Promise<string | undefined>) => Promise<void>;
  /** How many objects have it, as a sentence. */
  readonly inUse: string;
  /** Name of the class that its objects get; "" for none. */
  readonly heir: string;
  readonly onHeir: (name: string) => void;
  readonly onKeep: () => void;
}

function End({ actions, one, run, inUse, heir, onHeir, onKeep }: EndProps) {
  const classes = actions.model.classes.value;
  return (
    <fieldset class="class-end">
      <legend>{texts.classes.form.removeTitle(one.name)}</legend>
      <p class="hint">{inUse}</p>
      <label class="field">
        <span>{texts.classes.form.objectsBecome}</span>
        <select value={heir} onChange={(event) => onHeir(event.currentTarget.value)}>
          <option value="">{texts.classes.noClass}</option>
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
          label={texts.classes.form.removeForGood(one.name)}
          kind="danger"
          onClick={() => void run(() => actions.classes.remove(one.id, heir))}
        >
          <span>{texts.classes.form.forGood}</span>
        </Button>
        <Button label={texts.classes.form.keepIt} onClick={onKeep}>
          <span>{texts.classes.form.keepIt}</span>
        </Button>
      </div>
    </fieldset>
  );
}
