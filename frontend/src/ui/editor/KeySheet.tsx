/** Every tool and command with its key, and the way to another key. */
import { useEffect, useRef } from "preact/hooks";
import * as texts from "../../texts";
import { sheet } from "../../texts/keys";
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import type { KeyId } from "./command_ids";
import { commandsFor } from "./commands";
import { KeyDialog } from "./KeyDialog";
import { keyMap, keyOf, meaningOf, withKeys } from "./key_bindings";
import type { KeyDesk } from "./key_desk";
import { shownKey } from "./key_names";
import { Button } from "./parts";
import type { StackSize } from "./planes";

interface Row {
  readonly id: KeyId;
  readonly label: string;
  readonly help?: string;
  /** What does the same and cannot be changed. */
  readonly also?: string | undefined;
}

interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** What there is in an image of this size, and is called or pressed as sought. */
export function groupsOf(size: StackSize, sought: string): readonly Group[] {
  const commands = commandsFor(size);
  const tools = TOOLS.map(({ name, label, help }) => ({ id: name, label, help: withKeys(help) }));
  const groups: Group[] = [
    { name: sheet.tools, rows: tools },
    ...[...new Set(commands.map((one) => one.group))].map((group) => ({
      name: texts.commands.groups[group],
      rows: commands.filter((one) => one.group === group),
    })),
  ];
  return groups
    .map(({ name, rows }) => ({ name, rows: rows.filter((row) => isMeant(row, sought)) }))
    .filter(({ rows }) => rows.length > 0);
}

function isMeant({ id, label, help = "", also = "" }: Row, sought: string): boolean {
  const wanted = sought.trim().toLowerCase();
  const keys = [...keyMap.value.keysOf(id).map(shownKey), also].map((key) => key.toLowerCase());
  // One sign is a key; it stands in nearly every sentence.
  if (wanted.length === 1) return keys.some((key) => key.split(/\+(?=.)/).at(-1) === wanted);
  return [label, help, ...keys].some((text) => text.toLowerCase().includes(wanted));
}

/** The search, what was just done, and the way back to all defaults. */
export function KeyBar(props: {
  readonly actions: EditorActions;
  readonly sought: string;
  readonly onSeek: (text: string) => void;
}) {
  const { actions, sought, onSeek } = props;
  const { keys, model } = actions;
  const said = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    onSeek("");
    keys.opened();
  }, []);
  const groups = groupsOf(model.stackSize.value, sought);
  const nFound = groups.reduce((n, { rows }) => n + rows.length, 0);
  return (
    <div class="key-bar">
      <input
        type="search"
        aria-label={sheet.find}
        placeholder={sheet.find}
        value={sought}
        onInput={(event) => {
          keys.told.value = "";
          onSeek(event.currentTarget.value);
        }}
      />
      <Button
        label={sheet.resetAll}
        isDisabled={keyMap.value.own.size === 0}
        onClick={() => {
          said.current?.focus();
          keys.resetAll();
        }}
      >
        <span>{sheet.resetAll}</span>
      </Button>
      <p ref={said} class="key-told" role="status" tabIndex={-1}>
        {keys.told.value || (sought.trim() ? sheet.found(nFound) : sheet.yours)}
      </p>
      {keys.before.value && (
        <Button
          label={sheet.takeBack}
          kind="quiet"
          onClick={() => {
            said.current?.focus();
            keys.takeBack();
          }}
        >
          <span>{sheet.takeBack}</span>
        </Button>
      )}
      <KeyDialog desk={keys} model={model} />
    </div>
  );
}

export function KeyTable({ actions, sought }: { actions: EditorActions; sought: string }) {
  const groups = groupsOf(actions.model.stackSize.value, sought);
  if (groups.length === 0) return <p class="empty">{sheet.nothingFound}</p>;
  return (
    <>
      {groups.map(({ name, rows }) => (
        <section key={name} class="found">
          <h3>{name}</h3>
          <dl class={name === sheet.tools ? "tool-keys" : "keys"}>
            {rows.map((row) => (
              <Line key={row.id} desk={actions.keys} row={row} />
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

/** Says that the key of a class does something else for this person. */
export function ClassKeyNote({ actions, press }: { actions: EditorActions; press: string }) {
  const meaning = meaningOf(press, actions.model.stackSize.value);
  if (!meaning) return null;
  return <span class="key-changed">{sheet.hiddenClass(keyMap.value.item(meaning).label)}</span>;
}

function Line({ desk, row }: { desk: KeyDesk; row: Row }) {
  const { id, label, help, also } = row;
  const key = keyOf(id);
  return (
    <div>
      <dt>
        {key ? <kbd>{key}</kbd> : !also && <span class="no-key">{sheet.noKey}</span>}
        {also && <kbd>{also}</kbd>}
        {help && ` ${label}`}
      </dt>
      <dd>
        {help ?? label}
        {keyMap.value.isChanged(id) && <Changed id={id} />}
      </dd>
      <dd class="key-buttons">
        <Changes desk={desk} id={id} label={label} />
      </dd>
    </div>
  );
}

function Changed({ id }: { id: KeyId }) {
  const usual = shownKey(keyMap.value.item(id).defaults[0] ?? "");
  return <span class="key-changed"> {sheet.was(usual)}</span>;
}

function Changes({ desk, id, label }: { desk: KeyDesk; id: KeyId; label: string }) {
  const { isFixed, defaults } = keyMap.value.item(id);
  if (isFixed) return <span class="no-key">{sheet.isFixed}</span>;
  return (
    <>
      {keyMap.value.isChanged(id) && (
        <button
          type="button"
          class="key-change"
          aria-label={sheet.resetLabel(label, shownKey(defaults[0] ?? ""))}
          onClick={(event) => {
            // It goes when the key is the usual one again.
            event.currentTarget.parentElement?.querySelector<HTMLElement>("[data-change]")?.focus();
            desk.reset(id);
          }}
        >
          {sheet.reset}
        </button>
      )}
      <button
        type="button"
        class="key-change"
        data-change={id}
        aria-label={sheet.changeLabel(label, keyOf(id))}
        onClick={() => desk.ask({ id, isReset: false })}
      >
        {sheet.change}
      </button>
    </>
  );
}
