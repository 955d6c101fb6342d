import { expect, it } from "vitest";
import { TOOLS } from "../../src/tools/tools";
import { COMMANDS } from "../../src/ui/editor/commands";
import { keyName } from "../../src/ui/editor/keys";

const press = (key: string, held: { ctrlKey?: boolean; shiftKey?: boolean } = {}) =>
  keyName({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...held });

it("names presses as the command list writes them", () => {
  expect(press("B")).toBe("b");
  expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("ctrl+shift+z");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("+", { shiftKey: true })).toBe("+");
});

it("gives every key one meaning", () => {
  const keys = [...TOOLS.map((tool) => tool.key), ...COMMANDS.flatMap((command) => command.keys)];
  expect(new Set(keys).size).toBe(keys.length);
});

it("gives every tool a name, a sentence and an icon", () => {
  for (const tool of TOOLS) {
    expect(tool.label).toMatch(/^[A-Z]/);
    expect(tool.help).toMatch(/\.$/);
    expect(tool.icon).toMatch(/^M/);
  }
});
