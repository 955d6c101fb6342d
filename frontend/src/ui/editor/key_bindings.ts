/** The person's keys, as the page has them: everything that names or hears a key asks here. */
import { signal } from "@preact/signals";
import { keyless, oneOf } from "../../texts/keys";
import { TOOLS } from "../../tools/tools";
import type { CommandId, KeyId } from "./command_ids";
import { COMMANDS } from "./commands";
import { type Bindable, KeyMap, PICTURE } from "./key_map";
import { ariaKey, shownKey } from "./key_names";
import type { StackSize } from "./planes";

/** A picture, a stack, a time series, and a time series of stacks. */
const KINDS: readonly StackSize[] = [
  { nZ: 1, nT: 1 },
  { nZ: 2, nT: 1 },
  { nZ: 1, nT: 2 },
  { nZ: 2, nT: 2 },
];

/** Esc must always lead out, as it does of dialogs. */
const FIXED: readonly CommandId[] = ["cancel"];
/** Tab may step through drafts: without a key of this nobody could leave the image by keyboard. */
const NEEDED: readonly CommandId[] = ["leave-stage"];

export const BINDABLES: readonly Bindable[] = [
  ...TOOLS.map(({ name, label, key }) => ({ id: name, label, defaults: [key], kinds: 0b1111 })),
  ...COMMANDS.map(({ id, label, keys, isFor }) => ({
    id,
    // What stands in brackets is for the list of commands.
    label: label.replace(/ \(.*\)$/, ""),
    defaults: keys,
    kinds: KINDS.reduce(
      (all, size, n) => ((isFor?.(size) ?? true) ? all | (PICTURE << n) : all),
      0,
    ),
    isFixed: FIXED.includes(id),
    isNeeded: NEEDED.includes(id),
  })),
];

/** Replaced as a whole when a key changes; reading it makes a panel follow. */
export const keyMap = signal(KeyMap.defaults(BINDABLES));

/** The key of a tool or command as people read it, e.g. "B"; "" when it has none. */
export function keyOf(id: KeyId): string {
  return shownKey(keyMap.value.keysOf(id)[0] ?? "");
}

/** A sentence in which {key:ID} stands for the key of something. */
export function withKeys(sentence: string): string {
  return sentence.replace(/\{key:([a-z-]+)\}/g, (all, id: string) => {
    const item = BINDABLES.find((one) => one.id === id);
    return item ? keyOf(item.id) || keyless(item.label) : all;
  });
}

/** The key of a class as people read it; "" when it does something else for this person. */
export function keyOfClass(key: string | null | undefined, size: StackSize): string {
  return key && meaningOf(key, size) === undefined ? shownKey(key) : "";
}

/** All its keys for `aria-keyshortcuts`; undefined when it has none. */
export function ariaKeysOf(id: KeyId): string | undefined {
  return keyMap.value.keysOf(id).map(ariaKey).join(" ") || undefined;
}

/** The keys of a step through drafts, which Tab takes too. */
export function keysOfStep(way: "next" | "previous", isPlanar: boolean): string {
  const key = keyOf(isPlanar ? `${way}-doubtful` : `${way}-doubtful-in-stack`);
  return oneOf([key, way === "next" ? "Tab" : "Shift+Tab"]);
}

/** The bit of an image of this size in `Bindable.kinds`. */
export function kindOf({ nZ, nT }: StackSize): number {
  return PICTURE << ((nZ > 1 ? 1 : 0) + (nT > 1 ? 2 : 0));
}

/** What a press does in an image of this size. */
export function meaningOf(key: string, size: StackSize): KeyId | undefined {
  return keyMap.value.meaning(key, kindOf(size));
}
