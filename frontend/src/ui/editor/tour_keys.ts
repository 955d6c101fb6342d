/** The keys that the tour speaks of, as the tools and commands have them. */
import type { TourKeys } from "../../texts/tour";
import type { ToolName } from "../../tools/tool";
import { toolNamed } from "../../tools/tools";
import { COMMANDS } from "./commands";
import { shownKey } from "./parts";

/** The key of a tool by its name, or of a command by its label. */
function keyOf(what: { readonly tool: ToolName } | { readonly command: string }): string {
  if ("tool" in what) return shownKey(toolNamed(what.tool).key);
  return COMMANDS.find(({ label }) => label === what.command)?.shown[0] ?? "";
}

export function tourKeys(): TourKeys {
  return {
    brush: keyOf({ tool: "brush" }),
    erase: keyOf({ tool: "erase-selected" }),
    region: keyOf({ tool: "region" }),
    smaller: keyOf({ command: "Smaller brush" }),
    larger: keyOf({ command: "Larger brush" }),
    move: keyOf({ command: "Move the image while held" }),
    undo: keyOf({ command: "Undo" }),
    redo: keyOf({ command: "Redo" }),
    help: keyOf({ command: "This sheet" }),
  };
}
