/** Key presses as text: the names that commands and the server know, and what people read; pure. */
import { words } from "../../texts/keys";

/** Keys that are no sign, as people read them. */
const NAMED: Readonly<Record<string, string>> = {
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
  arrowup: "↑",
  backspace: words.backspace,
  delete: words.delete,
  end: words.end,
  enter: words.enter,
  escape: words.escape,
  home: words.home,
  insert: words.insert,
  pagedown: words.pageDown,
  pageup: words.pageUp,
  space: words.space,
  tab: words.tab,
  ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n + 1}`, `F${n + 1}`])),
};

/** Those whose name for aria-keyshortcuts has two words; the others only begin with a capital. */
const TWO_WORDS: Readonly<Record<string, string>> = {
  arrowdown: "ArrowDown",
  arrowleft: "ArrowLeft",
  arrowright: "ArrowRight",
  arrowup: "ArrowUp",
  pagedown: "PageDown",
  pageup: "PageUp",
};

/** Keys whose shifted sign differs from keyboard to keyboard. */
const SIGNS: Readonly<Record<string, string>> = { Comma: ",", Period: ".", Digit0: "0" };

/** The name of a press: "ctrl+" and "shift+" in front, in that order; Cmd counts as Ctrl. */
export function keyName(event: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly code?: string;
}): string {
  const control = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  const sign = SIGNS[event.code ?? ""];
  const isAbove = event.shiftKey && sign !== undefined && !/^[.,]$/.test(event.key);
  if (isAbove) return `${control}shift+${sign}`;
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  // A shifted sign is a sign of its own: "?" needs no "shift+" in front.
  const hasShift = event.shiftKey && (key.length > 1 || /[a-z0-9]/.test(key));
  return control + (hasShift ? "shift+" : "") + key;
}

interface KeyParts {
  readonly hasControl: boolean;
  readonly hasShift: boolean;
  readonly key: string;
}

/** undefined for what names no key. */
export function partsOf(name: string): KeyParts | undefined {
  const found = /^(ctrl\+)?(shift\+)?(.+)$/u.exec(name);
  const key = found?.[3] ?? "";
  const isSign = /^[^\s\p{C}]$/u.test(key) && key === key.toLowerCase();
  if (!isSign && !Object.hasOwn(NAMED, key)) return undefined;
  return { hasControl: !!found?.[1], hasShift: !!found?.[2], key };
}

/** A key as people read it: "ctrl+pageup" is Ctrl+Page up; "" stays "". */
export function shownKey(name: string): string {
  return written(name, words.control, (key) => NAMED[key] ?? key.toUpperCase());
}

/** A key as aria-keyshortcuts wants it. */
export function ariaKey(name: string): string {
  const capital = (key: string) => key.slice(0, 1).toUpperCase() + key.slice(1);
  return written(name, "Control", (key) => TWO_WORDS[key] ?? capital(key));
}

function written(name: string, control: string, nameOf: (key: string) => string): string {
  const parts = partsOf(name);
  if (!parts) return "";
  const key = nameOf(parts.key);
  return [...(parts.hasControl ? [control] : []), ...(parts.hasShift ? ["Shift"] : []), key].join(
    "+",
  );
}
