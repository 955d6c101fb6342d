/** Kinds of objects: which one is chosen, how many objects have it, and the project's list. */
import { useState } from "preact/hooks";
import type { ClassJson } from "../../api/types";
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
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
import { Button, ICONS, Section } from "./parts";

export function ClassPanel({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const classes = model.classes.value;
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title={texts.classes.title}
      aside={classes.length > 0 ? count(classes.length) : undefined}
    >
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
            <Button label={texts.classes.add} icon={ICONS.add} onClick={() => setAdding(true)}>
              <span>{texts.classes.add}</span>
            </Button>
          </div>
        ))}
    </Section>
  );
}

function None({ mayManage }: { mayManage: boolean }) {
  return (
    <p class="empty">
      {texts.classes.ofOneKind} {mayManage ? texts.classes.whyAdd : texts.classes.whoAdds}
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
          <li key={name} class="class-line class-foreign" title={texts.classes.foreign}>
            <Swatch colour={FOREIGN_COLOUR} />
            <span class="class-name">{name}</span>
            <span class="class-count">{count(n)}</span>
          </li>
        ))}
      </ul>
      {mayAnnotate.value && (
        <p class="hint">
          {texts.classes.whoGets(
            <Key id="new-object" otherwise={texts.editor.toolBar.newObject} />,
          )}
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
            label={texts.classes.change(one.name)}
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
  const word = name === "" ? texts.classes.noClass : name;
  return (
    <button
      type="button"
      class="class-choice"
      aria-pressed={isActive}
      title={props.help || texts.classes.newObjectsAre(classWord(name))}
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
