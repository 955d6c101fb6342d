/** Everything a key does; the help sheet is made of the same list. */
import type { Command } from "./command";
import { EDIT_COMMANDS } from "./edit_commands";
import { PLANE_COMMANDS } from "./plane_commands";
import type { StackSize } from "./planes";
import { REVIEW_COMMANDS } from "./review_commands";
import { VIEW_COMMANDS } from "./view_commands";

export const COMMANDS: readonly Command[] = [
  ...EDIT_COMMANDS,
  ...REVIEW_COMMANDS,
  ...PLANE_COMMANDS,
  ...VIEW_COMMANDS,
];

/** The commands that there are for an image of this size. */
export function commandsFor(size: StackSize): readonly Command[] {
  return COMMANDS.filter((command) => command.isFor?.(size) ?? true);
}
