/** The keys that the tour speaks of: the person's own. */
import type { TourKeys } from "../../texts/tour";
import type { KeyId } from "./command_ids";
import { withKeys } from "./key_bindings";

/** The key of a tool or command; of one that has none its name. */
const key = (id: KeyId): string => withKeys(`{key:${id}}`);

export function tourKeys(): TourKeys {
  return {
    brush: key("brush"),
    erase: key("erase-selected"),
    region: key("region"),
    smaller: key("smaller-brush"),
    larger: key("larger-brush"),
    move: key("hold-pan"),
    undo: key("undo"),
    redo: key("redo"),
    help: key("help"),
  };
}
