import { expect, it } from "vitest";
import { TOOLS } from "../../src/tools/tools";
import { commandsFor } from "../../src/ui/editor/commands";
import { keyName } from "../../src/ui/editor/key_names";

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
