import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, expectTypeOf, test } from "vitest";
import type * as pages from "../../src/api/page_types";
import type * as rounds from "../../src/api/round_types";
import type { components } from "../../src/api/schema";
import type * as editor from "../../src/api/types";

type Schemas = components["schemas"];
/** Names that a type written by hand has and the server's own lacks. */
type Unknown<Ours, Theirs> = Exclude<keyof Ours, keyof Theirs>;

test("the generated types are those of docs/api/openapi.yaml: run `make docs`", async () => {
  const source = new URL("../../../docs/api/openapi.yaml", import.meta.url);
  const made = astToString(await openapiTS(source));
  const kept = readFileSync(new URL("../../src/api/schema.d.ts", import.meta.url), "utf8");
  expect(kept.endsWith(made)).toBe(true);
}, 60_000);

// Read by `make lint`: a field that the server renames or drops no longer compiles here.
test("every field that the front end reads is one that the server sends", () => {
  expectTypeOf<Unknown<editor.ProjectJson, Schemas["ProjectDetail"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.LayerJson, Schemas["LayerInListOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.InstancesJson, Schemas["InstancesOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.OpJson, Schemas["OpOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.RegionJson, Schemas["RegionOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.ManifestJson, Schemas["ChunksOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<editor.PredictionJson, Schemas["PredictionOut"]>>().toEqualTypeOf<never>();

  expectTypeOf<Unknown<pages.ImageCard, Schemas["ImageOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Engine, Schemas["EngineOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Run, Schemas["RunOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Epoch, Schemas["EpochOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.VersionDetail, Schemas["VersionOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Version, Schemas["VersionRowOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Evaluation, Schemas["EvaluationOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Example, Schemas["ExampleOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Preflight, Schemas["PreflightOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Finding, Schemas["FindingOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Fix, Schemas["FixOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<rounds.Selection, Schemas["SelectionOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<rounds.Suggestion, Schemas["SuggestionOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<rounds.Round, Schemas["RoundOut"]>>().toEqualTypeOf<never>();
  expectTypeOf<Unknown<pages.Leader, Schemas["LeaderOut"]>>().toEqualTypeOf<never>();
});
