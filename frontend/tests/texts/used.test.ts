import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unshownTexts } from "./unshown";

const SRC = join(import.meta.dirname, "../../src");

it("shows every text somewhere", () => {
  const paths = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  const sources = paths
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(join(SRC, path), "utf8")]);
  expect(unshownTexts(Object.fromEntries(sources))).toEqual([]);
});

describe("the check", () => {
  const TEXTS = {
    "texts/index.ts": 'export { editor } from "./editor";',
    "texts/editor.ts": 'export const editor = { save: "Save", bar: { zoom: "Zoom" } };',
    "texts/new.ts":
      'export const added = { a: "A", b: "B" } as const; export function sum() { return "C" }',
    "texts/pages/index.ts": 'export { run } from "./run";',
    "texts/pages/run.ts": 'export const run = { stop: "Stop" };',
  };
  const EVERY_TEXT = [
    "texts/editor.ts: editor.save",
    "texts/editor.ts: editor.bar.zoom",
    "texts/new.ts: added.a",
    "texts/new.ts: added.b",
    "texts/new.ts: sum",
    "texts/pages/run.ts: run.stop",
  ];
  const NEW = 'import { added as texts, sum } from "../texts/new";';
  const EDITOR = 'import * as texts from "../texts";';

  it.each([
    ["nothing at all", "", []],
    ["an import alone", NEW, []],
    ["one text of a module", `${NEW} say(texts.b)`, ["texts/new.ts: added.b"]],
    ["a function", `${NEW} say(sum())`, ["texts/new.ts: sum"]],
    ["one text through the index", `${EDITOR} say(texts.editor.save)`, [EVERY_TEXT[0]]],
    ["one text on two lines", `${EDITOR} say(texts\n.editor\n.bar.zoom)`, [EVERY_TEXT[1]]],
    ["a computed name", `${NEW} say(texts[which])`, EVERY_TEXT.slice(2, 4)],
    ["a group given away", `${EDITOR} give(texts.editor.bar)`, [EVERY_TEXT[1]]],
    ["another thing's field of that name", `${NEW} other.sum = { sum: 1 }`, []],
    ["a type", `${NEW} let a: keyof typeof texts`, []],
    [
      "one text of pages",
      'import * as texts from "../texts/pages"; <p>{texts.run.stop}</p>',
      ["texts/pages/run.ts: run.stop"],
    ],
  ])("takes for shown by %s just what it shows", (_what, source, shown) => {
    const unshown = unshownTexts({ ...TEXTS, "ui/Panel.tsx": source });
    expect(unshown).toEqual(EVERY_TEXT.filter((text) => !shown.includes(text)));
  });

  it("follows texts that are made of others", () => {
    const whole = 'import { added } from "./new"; export const whole = () => added.a;';
    const source = 'import { whole } from "../texts/whole"; whole()';
    const unshown = unshownTexts({ ...TEXTS, "texts/whole.ts": whole, "ui/a.ts": source });
    expect(unshown).toEqual(EVERY_TEXT.filter((text) => text !== "texts/new.ts: added.a"));
  });
});
