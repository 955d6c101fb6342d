import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = new URL("../../src/", import.meta.url).pathname;
// A request, or the beginning of an address that is asked for data, tiles or a login.
const FORBIDDEN =
  /(?<![.\w#]|async )fetch\(|XMLHttpRequest|EventSource\(|["'`/](api\/v1|tiles|accounts)\//;

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("api/"))
  .sort();

test("there are sources to look at", () => {
  expect(files.length).toBeGreaterThan(50);
});

test.each(files)("%s leaves requests and addresses to src/api", (path) => {
  const lines = readFileSync(join(SOURCES, path), "utf8").split("\n");
  expect(lines.filter((line) => FORBIDDEN.test(line))).toEqual([]);
});
