/** Keys as they are read in panels: the person's own. */
import type { KeyId } from "./command_ids";
import { keyOf } from "./key_bindings";

/** The key of a tool or command; when it has none, the other words. */
export function Key({ id, otherwise = "" }: { id: KeyId; otherwise?: string }) {
  const key = keyOf(id);
  return key ? <kbd>{key}</kbd> : otherwise;
}
