/** What the keys of the editor are called where a person's own are kept: these names stay. */

import type { WriteMode } from "../../store/edit_types";
import type { Shaping } from "../../store/shape_types";
import type { ToolName } from "../../tools/tool";

export type CommandId =
  | Shaping
  | `mode-${WriteMode}`
  | "undo"
  | "redo"
  | "choose-in-view"
  | "new-object"
  | "smaller-brush"
  | "larger-brush"
  | "delete-chosen"
  | "keep-found"
  | "cancel"
  | "accept"
  | "reject"
  | "edit-draft"
  | "next-doubtful"
  | "previous-doubtful"
  | "next-doubtful-in-stack"
  | "previous-doubtful-in-stack"
  | "show-finished"
  | "compare"
  | "submit-region"
  | "next-suggestion"
  | "next-plane"
  | "previous-plane"
  | "next-time"
  | "previous-time"
  | "copy-to-next-plane"
  | "copy-to-previous-plane"
  | "projection"
  | "hide-labels"
  | "hold-pan"
  | "label-style"
  | "history"
  | "invert"
  | "minimap"
  | "bookmark"
  | "zoom-in"
  | "zoom-out"
  | "fit"
  | "actual-pixels"
  | "show-selected"
  | "pan-left"
  | "pan-right"
  | "pan-up"
  | "pan-down"
  | "leave-stage"
  | "previous-image"
  | "next-image"
  | "help";

export type KeyId = ToolName | CommandId;
