/** What a key does. */
import type { EditorActions } from "./actions";
import type { CommandId } from "./command_ids";
import type { StackSize } from "./planes";

export interface Command {
  readonly id: CommandId;
  readonly group: "Edit" | "Drafts" | "Regions" | "Planes" | "View";
  readonly label: string;
  /** The keys it has unless a person chose another, as in key_names.ts. */
  readonly keys: readonly string[];
  /** What does the same and is no key of its own, as shown to people. */
  readonly also?: string;
  readonly run: (actions: EditorActions) => void;
  /** Called when the key is let go: for things that last while it is held. */
  readonly release?: (actions: EditorActions) => void;
  /** Only while the image has the focus, since the key means something else elsewhere. */
  readonly onlyOnStage?: boolean;
  /** Of which images it is; without it of all. */
  readonly isFor?: (size: StackSize) => boolean;
}
