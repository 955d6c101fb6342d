/** Keys that cannot be given to anything; pure. */
import { refused } from "../../texts/keys";
import { keyName, partsOf, shownKey } from "./key_names";

/** With Ctrl: tabs, windows, the address, copying, finding, printing, the size of text. */
const WITH_CONTROL = new Set([..."cdfhijklnopqrtuvwx0123456789+-=", "pageup", "pagedown"]);
const OF_THE_BROWSER = new Set(["f1", "f3", "f5", "f7", "f10", "f11", "f12"]);

/** Keys that only change what others mean. */
const MODIFIERS = new Set([
  "alt",
  "altgraph",
  "capslock",
  "control",
  "fn",
  "meta",
  "numlock",
  "os",
  "shift",
]);

/** Why a key can be given to nothing; undefined when it can. */
export function refusalOf(name: string): string | undefined {
  const parts = partsOf(name);
  if (!parts) return refused.unknown;
  const { key, hasControl } = parts;
  if (key === "escape") return refused.escape;
  if (key === "tab") return refused.tab;
  const isTaken = OF_THE_BROWSER.has(key) || (hasControl && WITH_CONTROL.has(key));
  return isTaken ? refused.browser(shownKey(name)) : undefined;
}

export function isUsable(name: string): boolean {
  return refusalOf(name) === undefined;
}

/** A key that was pressed to be chosen; undefined for keys that only change what others mean. */
export function pressOf(
  event: Pick<KeyboardEvent, "key" | "code" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">,
): { readonly name: string; readonly refusal: string | undefined } | undefined {
  if (MODIFIERS.has(event.key.toLowerCase())) return undefined;
  const name = keyName(event);
  return { name, refusal: event.altKey ? refused.alt : refusalOf(name) };
}
