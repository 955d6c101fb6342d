/** Kinds of objects: which one is chosen, how many objects have it, and the project's list. */
import { useState } from "preact/hooks";
import type { ClassJson } from "../../api/types";
import type { EditorActions } from "./actions";
import { ClassForm } from "./ClassForm";
import {
  classWord,
  FOREIGN_COLOUR,
  foreignNames,
  UNKNOWN_COLOUR,
  UNKNOWN_KEY,
} from "./class_words";
import { Key } from "./KeyParts";
import { keyOfClass } from "./key_bindings";
import { Button, count, ICONS, Section } from "./parts";

export function ClassPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const classes = model.classes.value;
  const [isAdding, setAdding] = useState(false);
  return (
    <Section title="Classes" aside={classes.length > 0 ? count(classes.length) : undefined}>
      {classes.length === 0 ? (
        <None mayManage={model.mayManage.value} />
      ) : (
        <List actions={actions} />
      )}
      {model.mayManage.value &&
        (isAdding ? (
          <ClassForm actions={actions} onClose={() => setAdding(false)} />
        ) : (
          <div class="row">
            <Button label="Add a class" icon={ICONS.add} onClick={() => setAdding(true)}>
              <span>Add a class</span>
            </Button>
          </div>
        ))}
    </Section>
  );
}

function None({ mayManage }: { mayManage: boolean }) {
  return (
    <p class="empty">
      All objects are of one kind.{" "}
      {mayManage
        ? "Add classes to tell kinds apart, such as mitosis and interphase."
        : "An owner or reviewer of the project can add classes."}
    </p>
  );
}

function List({ actions }: { actions: EditorActions }) {
  const { classes, classCounts, mayAnnotate, mayManage } = actions.model;
  const counts = classCounts.value;
  const foreign = foreignNames(classes.value, counts);
  return (
    <>
      <ul class={mayManage.value ? "classes has-menus" : "classes"}>
        {classes.value.map((one) => (
          <Item key={one.id} actions={actions} one={one} n={counts.get(one.name) ?? 0} />
        ))}
        <li class="class-line">
          <Choice
            actions={actions}
            name=""
            colour={UNKNOWN_COLOUR}
            keys={keyOfClass(UNKNOWN_KEY, actions.model.stackSize.value)}
            n={counts.get("") ?? 0}
          />
        </li>
        {foreign.map(([name, n]) => (
          <li key={name} class="class-line class-foreign" title="The project has no such class">
            <Swatch colour={FOREIGN_COLOUR} />
            <span class="class-name">{name}</span>
            <span class="class-count">{count(n)}</span>
          </li>
        ))}
      </ul>
      {mayAnnotate.value && (
        <p class="hint">
          New objects get the chosen class, and so does the selected object. After{" "}
          <Key id="new-object" otherwise="New object" /> only the new one.
        </p>
      )}
    </>
  );
}

function Item({ actions, one, n }: { actions: EditorActions; one: ClassJson; n: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <div class="class-line">
        <Choice
          actions={actions}
          name={one.name}
          colour={one.colour}
          keys={keyOfClass(one.key, actions.model.stackSize.value)}
          n={n}
          help={one.description}
        />
        {actions.model.mayManage.value && (
          <Button
            label={`Change ${one.name}`}
            icon={ICONS.pencil}
            kind="quiet"
            isPressed={isOpen}
            onClick={() => setOpen(!isOpen)}
          />
        )}
      </div>
      {isOpen && <ClassForm actions={actions} one={one} onClose={() => setOpen(false)} />}
    </li>
  );
}

function Choice(props: {
  readonly actions: EditorActions;
  readonly name: string;
  readonly colour: string;
  readonly keys: string;
  readonly n: number;
  readonly help?: string | undefined;
}) {
  const { actions, name, keys } = props;
  const isActive = actions.model.activeClass.value === name;
  const word = name === "" ? "No class" : name;
  return (
    <button
      type="button"
      class="class-choice"
      aria-pressed={isActive}
      title={props.help || `New objects: ${classWord(name)}`}
      onClick={() => actions.classes.choose(name)}
    >
      <Swatch colour={props.colour} />
      <span class="class-name">{word}</span>
      <span class="class-count">{count(props.n)}</span>
      {keys ? <kbd>{keys}</kbd> : <span class="class-no-key" />}
    </button>
  );
}

function Swatch({ colour }: { colour: string }) {
  return <span class="swatch" style={{ backgroundColor: colour }} aria-hidden="true" />;
}
