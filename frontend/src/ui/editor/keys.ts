/** Key presses to commands; silent while a person types, or while a dialog is open. */
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import { type Command, commandsFor } from "./commands";

const SIGNS: Readonly<Record<string, string>> = { Comma: ",", Period: "." };

/** The name of a press as written in the command list. */
export function keyName(event: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly code?: string;
}): string {
  const sign = SIGNS[event.code ?? ""];
  // What is written above comma and full stop differs from keyboard to keyboard.
  const isAbove = event.shiftKey && sign !== undefined && !/^[.,]$/.test(event.key);
  if (isAbove) return `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}shift+${sign}`;
  const key = event.key.toLowerCase();
  const control = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  // A shifted sign is a sign of its own: "?" needs no "shift+" in front.
  const hasShift = event.shiftKey && (key.length > 1 || /[a-z0-9]/.test(key));
  return control + (hasShift ? "shift+" : "") + key;
}

export function bindKeys(actions: EditorActions, stage: HTMLElement): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  let held: Command | undefined;
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
      const commands = commandsFor(actions.model.stackSize.value);
      const command = commands.find((one) => one.keys.includes(name));
      if (command && (onStage || !command.onlyOnStage)) {
        event.preventDefault();
        if (actions.travel.forbids(command.group)) return;
        if (command.release) {
          if (event.repeat) return;
          letGo();
          held = command;
        }
        command.run(actions);
        return;
      }
      const tool = TOOLS.find((one) => one.key === name);
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
      if (held?.keys.includes(event.key.toLowerCase())) letGo();
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
