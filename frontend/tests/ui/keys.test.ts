import { expect, it } from "vitest";
import { TOOLS } from "../../src/tools/tools";
import { commandsFor } from "../../src/ui/editor/commands";
import { BINDABLES } from "../../src/ui/editor/key_bindings";
import { ariaKey, keyName, partsOf, shownKey } from "../../src/ui/editor/key_names";
import { isUsable, pressOf, refusalOf } from "../../src/ui/editor/reserved_keys";

type Held = { ctrlKey?: boolean; shiftKey?: boolean; code?: string };
const press = (key: string, held: Held = {}) =>
  keyName({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...held });

it("names presses as the command list writes them", () => {
  expect(press("B")).toBe("b");
  expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("ctrl+shift+z");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("+", { shiftKey: true })).toBe("+");
});

it("knows shifted comma and full stop on every keyboard", () => {
  expect(press("<", { shiftKey: true, code: "Comma" })).toBe("shift+,");
  expect(press(":", { shiftKey: true, code: "Period" })).toBe("shift+.");
  // French: the full stop itself is a shifted key.
  expect(press(".", { shiftKey: true, code: "Comma" })).toBe(".");
});

it("knows Shift and 0 by its place, whatever is written above", () => {
  for (const key of [")", "=", "0"]) {
    expect(press(key, { shiftKey: true, code: "Digit0" })).toBe("shift+0");
  }
});

it("writes keys for people and for aria-keyshortcuts", () => {
  const both = (name: string) => [shownKey(name), ariaKey(name)];
  expect(both("ctrl+shift+z")).toEqual(["Ctrl+Shift+Z", "Control+Shift+Z"]);
  expect(both("shift+pagedown")).toEqual(["Shift+Page down", "Shift+PageDown"]);
  expect(both("ctrl++")).toEqual(["Ctrl++", "Control++"]);
  expect(both("space")).toEqual(["Space", "Space"]);
  expect(both("")).toEqual(["", ""]);
});

/** The server's tests/annotations/api/test_keys.py says the same of these. */
it.each(["P", " ", "shift+ctrl+p", "ctrl+", "alt+p", "ab", "\u0000", "\u200b", ""])(
  "knows that %j is no key",
  (name) => {
    expect(partsOf(name)).toBeUndefined();
    expect(isUsable(name)).toBe(false);
  },
);

it("refuses what belongs to the browser or leads out, with a sentence", () => {
  const taken = ["f5", "f11", "ctrl+f5", "ctrl+w", "ctrl+shift+t", "ctrl+n", "ctrl++", "ctrl+0"];
  for (const name of taken) expect(refusalOf(name)).toMatch(/belongs to the browser/);
  expect(refusalOf("escape")).toMatch(/^Esc/);
  expect(refusalOf("shift+tab")).toMatch(/^Tab/);
  expect(refusalOf("dead")).toMatch(/another one\.$/);
  for (const name of ["b", "ctrl+enter", "f8", "shift+f6", "ß", "ctrl+e"]) {
    expect(refusalOf(name)).toBeUndefined();
  }
});

it("hears a key that is chosen, and no key that only changes others", () => {
  const of = (key: string, held: object = {}) =>
    pressOf({
      key,
      code: "",
      altKey: false,
      ctrlKey: false,
      metaKey: false,
      shiftKey: false,
      ...held,
    });
  expect(of("Shift", { shiftKey: true })).toBeUndefined();
  expect(of("B", { shiftKey: true })).toEqual({ name: "shift+b", refusal: undefined });
  expect(of("b", { altKey: true })?.refusal).toMatch(/Alt/);
});

it("lets everything have the key that it comes with", () => {
  const free = BINDABLES.filter(({ isFixed }) => !isFixed);
  expect(free.flatMap(({ defaults }) => defaults.filter((key) => !isUsable(key)))).toEqual([]);
  expect(new Set(BINDABLES.map(({ id }) => id)).size).toBe(BINDABLES.length);
});

it.each([
  ["a single picture", 1, 1],
  ["a stack", 5, 1],
  ["a time series", 1, 3],
  ["both", 5, 3],
])("gives every key one meaning for %s", (_what, nZ, nT) => {
  const commands = commandsFor({ nZ, nT });
  const keys = [...TOOLS.map((tool) => tool.key), ...commands.flatMap((command) => command.keys)];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toContain(".");
  expect(keys.includes("shift+.")).toBe(nZ > 1);
});

it("gives every tool a name, a sentence and an icon", () => {
  for (const tool of TOOLS) {
    expect(tool.label).toMatch(/^[A-Z]/);
    expect(tool.help).toMatch(/\.$/);
    expect(tool.icon).toMatch(/^M/);
  }
});
