/** A key is pressed to be given to a tool or command; whom it belongs to is said at once. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { dialog, isAlready, needsKey, told } from "../../texts/keys";
import { keyMap, keyOf, kindOf } from "./key_bindings";
import { choiceOf, type KeyChoice, type Outcome } from "./key_choice";
import type { KeyDesk, KeyQuestion } from "./key_desk";
import { shownKey } from "./key_names";
import { Modal } from "./Modal";
import type { EditorModel } from "./model";
import { Button } from "./parts";
import { pressOf, refusalOf } from "./reserved_keys";

export function KeyDialog({ desk, model }: { desk: KeyDesk; model: EditorModel }) {
  const question = desk.question.value;
  return question ? <Changing key={question.id} {...{ desk, model, question }} /> : null;
}

interface Props {
  readonly desk: KeyDesk;
  readonly model: EditorModel;
  readonly question: KeyQuestion;
}

function Changing({ desk, model, question: { id, isReset } }: Props) {
  const field = useRef<HTMLInputElement>(null);
  /** The key that waits for an answer; undefined with `isAsked` stands for the usual one. */
  const [key, setKey] = useState<string | undefined>(undefined);
  const [isAsked, setAsked] = useState(isReset);
  const [refusal, setRefusal] = useState("");
  useEffect(() => field.current?.focus(), []);
  const map = keyMap.value;
  const { label, defaults } = map.item(id);
  const choose = (wanted: string | undefined) =>
    choiceOf({
      ...{ map, id, key: wanted, classes: model.classes.value },
      kind: kindOf(model.stackSize.value),
    });
  const close = () => field.current?.closest("dialog")?.close();
  const finish = (outcome: Outcome) => {
    desk.change(outcome.map, outcome.said);
    close();
  };
  const refuse = (why: string) => {
    setAsked(false);
    setRefusal(why);
  };
  const want = (wanted: string | undefined) => {
    const choice = choose(wanted);
    if (choice.given && !choice.problem) return finish(choice.given);
    setRefusal("");
    setKey(wanted);
    setAsked(true);
  };
  const press = (name: string, why: string | undefined) => {
    if (why) refuse(why);
    else if (map.keysOf(id).includes(name)) refuse(isAlready(shownKey(name), label));
    else want(name);
  };
  const clear = () => {
    const cleared = map.clear(id);
    if (cleared) finish({ map: cleared, said: told.cleared(label) });
    else refuse(needsKey(label));
  };
  const choice = isAsked ? choose(key) : undefined;
  return (
    <Modal
      title={dialog.title(label)}
      onClose={() => {
        desk.question.value = undefined;
        document.querySelector<HTMLElement>(`[data-change="${id}"]`)?.focus();
      }}
    >
      <Field
        inputRef={field}
        shown={choice?.key ?? keyOf(id)}
        why={refusal || choice?.problem}
        onPress={press}
      />
      {choice && <Answers choice={choice} label={label} finish={finish} />}
      <div class="row">
        {map.keysOf(id).length > 0 && (
          <Button label={dialog.noKey} onClick={clear}>
            <span>{dialog.noKey}</span>
          </Button>
        )}
        {map.isChanged(id) && !isReset && (
          <Button label={dialog.reset(shownKey(defaults[0] ?? ""))} onClick={() => want(undefined)}>
            <span>{dialog.reset(shownKey(defaults[0] ?? ""))}</span>
          </Button>
        )}
        <Button label={dialog.cancel} onClick={close}>
          <span>{dialog.cancel}</span>
        </Button>
      </div>
    </Modal>
  );
}

/** Takes every key but those that lead away; a screen's keyboard tells only what was typed. */
function Field(props: {
  readonly inputRef: preact.RefObject<HTMLInputElement | null>;
  readonly shown: string;
  readonly why: string | undefined;
  readonly onPress: (name: string, refusal: string | undefined) => void;
}) {
  const id = useId();
  const { onPress } = props;
  return (
    <>
      <label class="key-field">
        <span>{dialog.field}</span>
        <input
          ref={props.inputRef}
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          value={props.shown}
          onKeyDown={(event) => {
            if (event.key === "Tab" || event.key === "Escape") return;
            const pressed = pressOf(event);
            if (event.isComposing || event.key === "Unidentified" || !pressed) return;
            event.preventDefault();
            if (!event.repeat) onPress(pressed.name, pressed.refusal);
          }}
          onInput={(event) => {
            const typed = [...(event.data ?? "")].at(-1)?.toLowerCase();
            event.currentTarget.value = props.shown;
            const name = typed === " " ? "space" : typed;
            if (name) onPress(name, refusalOf(name));
          }}
        />
      </label>
      <p class="hint" id={`${id}-hint`}>
        {dialog.hint}
      </p>
      <p class="key-problem" role="alert">
        {props.why}
      </p>
    </>
  );
}

function Answers(props: {
  readonly choice: KeyChoice;
  readonly label: string;
  readonly finish: (outcome: Outcome) => void;
}) {
  const { choice, label, finish } = props;
  const { given, swapped } = choice;
  const give = dialog.give(choice.key, label);
  return (
    <div class="row key-answers">
      {given && (
        <Button label={give} kind="primary" onClick={() => finish(given)}>
          <span>{give}</span>
        </Button>
      )}
      {swapped && <Swap {...{ swapped, finish }} />}
    </div>
  );
}

function Swap(props: {
  readonly swapped: NonNullable<KeyChoice["swapped"]>;
  readonly finish: (outcome: Outcome) => void;
}) {
  const { swapped, finish } = props;
  return (
    <Button label={swapped.label} onClick={() => finish(swapped)}>
      <span>{swapped.label}</span>
    </Button>
  );
}
