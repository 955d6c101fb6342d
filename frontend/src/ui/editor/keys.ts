/** Key presses to commands; silent while a person types, or while a dialog is open. */
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import type { Command } from "./command";
import { COMMANDS } from "./commands";
import { meaningOf } from "./key_bindings";
import { keyName } from "./key_names";

export function bindKeys(actions: EditorActions, stage: HTMLElement): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const held = new HeldCommand(actions);
  window.addEventListener(
    "keydown",
    (event) => {
      if (isTaken(event)) return;
      const onStage = stage.contains(document.activeElement);
      if (press(event, actions, held, onStage)) event.preventDefault();
    },
    { signal },
  );
  window.addEventListener(
    "keyup",
    (event) => {
      // Of what is let go together with Cmd a Mac tells nothing but Cmd.
      if (event.code === held.code || event.key === "Meta") held.letGo();
    },
    { signal },
  );
  window.addEventListener("blur", () => held.letGo(), { signal });
  return () => abort.abort();
}

/** The command that lasts while its key is held. */
class HeldCommand {
  code = "";
  #command: Command | undefined;
  readonly #actions: EditorActions;

  constructor(actions: EditorActions) {
    this.#actions = actions;
  }

  hold(command: Command, code: string): void {
    this.letGo();
    this.#command = command;
    this.code = code;
  }

  letGo(): void {
    this.#command?.release?.(this.#actions);
    this.#command = undefined;
  }
}

/**
 * Do what a key means: what is going on comes first, then commands, tools and classes.
 *
 * @returns whether it means anything here
 */
function press(
  event: KeyboardEvent,
  actions: EditorActions,
  held: HeldCommand,
  onStage: boolean,
): boolean {
  const name = keyName(event);
  if (actions.compare.takesKey(name, onStage)) return true;
  if (event.key === "Tab" && onStage && stepsThroughDraft(actions)) {
    actions.review.step(event.shiftKey ? -1 : 1);
    return true;
  }
  if (actions.travel.takesKey(name) || actions.paint.takesKey(name)) return true;
  const meaning = meaningOf(name, actions.model.stackSize.value);
  const command = COMMANDS.find((one) => one.id === meaning);
  if (command && (onStage || !command.onlyOnStage)) {
    give(command, event, actions, held);
    return true;
  }
  const tool = TOOLS.find((one) => one.name === meaning);
  if (!tool) return actions.classes.chooseByKey(name);
  actions.paint.chooseTool(tool.name);
  return true;
}

function give(
  command: Command,
  event: KeyboardEvent,
  actions: EditorActions,
  held: HeldCommand,
): void {
  if (actions.travel.forbids(command.group)) return;
  if (command.release) {
    if (event.repeat) return;
    held.hold(command, event.code);
  }
  command.run(actions);
}

function stepsThroughDraft({ model, travel }: EditorActions): boolean {
  return !travel.isAway && model.draftId.value !== undefined && model.draftCounts.value.left > 0;
}

/** Whether the press belongs to what has the focus. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  if (target instanceof HTMLInputElement) {
    if (!["range", "checkbox", "radio", "color"].includes(target.type)) return true;
    return /^(Arrow|Page|Home|End|Enter| )/.test(event.key);
  }
  if (target.matches("button, a, summary")) return event.key === " " || event.key === "Enter";
  return event.altKey && !event.ctrlKey;
}
