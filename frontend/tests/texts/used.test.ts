import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as editor from "../../src/texts";
import * as pages from "../../src/texts/pages";

const SRC = join(import.meta.dirname, "../../src");

function sourceOf(folder: string): string {
  return readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(SRC, folder, name), "utf8"))
    .join("\n");
}

/** "drafts.order.title" for every text in a group. */
function namesIn(group: object, path = ""): string[] {
  return Object.entries(group).flatMap(([name, text]) =>
    typeof text === "object" ? namesIn(text, `${path}${name}.`) : [path + name],
  );
}

/** Named as it is, or reached through a group by a name that is computed. */
function isShown(name: string, source: ReadonlySet<string>): boolean {
  const parts = name.split(".");
  return parts.some((_, i) => source.has(parts.slice(0, parts.length - i).join(".")));
}

it("shows every text somewhere", () => {
  const editorSource = ["ui/editor", "tools", "store", "api"].map(sourceOf).join("\n");
  const named = (source: string) =>
    new Set([...source.matchAll(/\btexts((?:\s*\.\w+)+)/g)].map((m) => dotted(m[1] as string)));
  const editorNames = named(editorSource + readFileSync(join(SRC, "editor.tsx"), "utf8"));
  const pageNames = named(sourceOf("ui/pages"));
  const unused = [
    ...namesIn(editor).filter((name) => !isShown(name, editorNames)),
    ...namesIn(pages).filter((name) => !isShown(name, pageNames)),
  ];
  expect(unused).toEqual([]);
});

const dotted = (path: string) => path.replace(/\s/g, "").slice(1);
