// biome-ignore-all lint/suspicious/noTemplateCurlyInString: samples of source
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scatteredTexts } from "./scattered";

const SRC = join(import.meta.dirname, "../../src");
const PLACES = ["ui", "tools", "viewer", "store", "api", "editor.tsx", "pages.tsx"];

function sourcesIn(place: string): string[] {
  if (place.endsWith(".tsx")) return [place];
  return readdirSync(join(SRC, place), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(place, name));
}

const read = (path: string) => readFileSync(join(SRC, path), "utf8");

describe("texts that a person reads lie in src/texts", () => {
  it.each(PLACES)("none in %s", (place) => {
    const found = sourcesIn(place).flatMap((path) =>
      scatteredTexts(path, read(path)).map(({ line, text }) => `${path}:${line} ${text}`),
    );
    expect(found).toEqual([]);
  });
});

describe("the check", () => {
  const textsIn = (source: string) => scatteredTexts("a.tsx", source).map(({ text }) => text);

  it.each([
    ["text between tags", "<p>Saved</p>", "Saved"],
    ["text beside what is put in", "<p>{n} left</p>", "left"],
    ["a word that stands for nothing", '<p>{name || "none"}</p>', "none"],
    ["a title", '<a title="back" />', "back"],
    ["a name for screen readers", '<a aria-label={isOn ? "on" : name} />', "on"],
    ["a label in a table", 'const a = { label: "Brush" }', "Brush"],
    ["a label of one word", 'const words = { saved: "Saved" }', "Saved"],
    ["a sentence", 'say("Nothing changed.")', "Nothing changed."],
    ["a sentence with numbers", "say(`Object ${id} deleted.`)", "Object … deleted."],
    ["the middle of one", "const rest = ` of ${n} planes`", "of … planes"],
    [
      "a refusal",
      'throw new EditRefused("busy", "Finish the stroke first.")',
      "Finish the stroke first.",
    ],
    ["a counted word", 'plural(n, "object")', "object"],
  ])("finds %s", (_what, source, text) => {
    expect(textsIn(source)).toContain(text);
  });

  it.each([
    ['import a from "Some where";'],
    ['<p class="hint Empty place">{texts.a}</p>'],
    ['document.querySelector("textarea, select")'],
    ['const a: "Page down" = b;'],
    ['<path d="M3 4h14v12H3zM12.5 4v12" />'],
    ["<kbd>Shift+V</kbd>"],
    ['if (event.key === "Escape") close()'],
    ['pen.font = "600 11px system-ui, sans-serif"; pen.fillStyle = "rgb(0 0 0 / 0.8)";'],
    ['const a = { width: "minmax(66px, 1fr)", kind: "erase-any" }'],
    ['throw new Error("this browser gives no 2D canvas")'],
    ["const key = `${t}-max`; const size = `${n} px`; const lock = `cytoloop:session:${id}`;"],
  ])("leaves %s", (source) => {
    expect(textsIn(source)).toEqual([]);
  });
});
