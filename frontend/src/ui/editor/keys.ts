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
  let held: Command | undefined;
  let heldCode = "";
  const letGo = () => {
    held?.release?.(actions);
    held = undefined;
  };
  window.addEventListener(
    "keydown",
    (event) => {
      if (isTaken(event)) return;
      const onStage = stage.contains(document.activeElement);
      if (actions.compare.takesKey(keyName(event), onStage)) {
        event.preventDefault();
        return;
      }
      if (event.key === "Tab" && onStage && stepsThroughDraft(actions)) {
        event.preventDefault();
        actions.review.step(event.shiftKey ? -1 : 1);
        return;
      }
      const name = keyName(event);
      if (actions.travel.takesKey(name) || actions.paint.takesKey(name)) {
        event.preventDefault();
        return;
      }
      const meaning = meaningOf(name, actions.model.stackSize.value);
      const command = COMMANDS.find((one) => one.id === meaning);
      if (command && (onStage || !command.onlyOnStage)) {
        event.preventDefault();
        if (actions.travel.forbids(command.group)) return;
        if (command.release) {
          if (event.repeat) return;
          letGo();
          held = command;
          heldCode = event.code;
        }
        command.run(actions);
        return;
      }
      const tool = TOOLS.find((one) => one.name === meaning);
      if (tool) {
        event.preventDefault();
        actions.paint.chooseTool(tool.name);
      } else if (actions.classes.chooseByKey(name)) {
        event.preventDefault();
      }
    },
    { signal },
  );
  window.addEventListener(
    "keyup",
    (event) => {
      // Of what is let go together with Cmd a Mac tells nothing but Cmd.
      if (event.code === heldCode || event.key === "Meta") letGo();
    },
    { signal },
  );
  window.addEventListener("blur", letGo, { signal });
  return () => abort.abort();
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
