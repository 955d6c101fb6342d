import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { type EditorModel, makeModel, type RegionInfo } from "../../src/ui/editor/model";
import { RegionDesk, type RegionParts } from "../../src/ui/editor/region_desk";
import { line, openAll, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";

const REGION: RegionInfo = {
  id: "region",
  box: rect(0, 0, 200, 200),
  coverage: "complete",
  purpose: "training",
  state: "open",
  ...{ t: 0, z: 0, depth: 1 },
};

const rowOf = (id: string, state: "open" | "submitted") => ({
  ...{ ...REGION, id, state, row0: 0, col0: 0, row1: 200, col1: 200 },
});

let server: ReferenceServer;
let layer: AnnotationPlane;
let model: EditorModel;
let desk: RegionDesk;
/** Answers the questions for the regions, the oldest first. */
let answers: ((rows: readonly object[]) => void)[];
/** How many ops the server had when the region was submitted. */
let opsAtSubmit: number | undefined;

beforeEach(async () => {
  stubPage();
  opsAtSubmit = undefined;
  server = new ReferenceServer(seeded(3));
  layer = await openAll(server);
  model = makeModel();
  answers = [];
  desk = new RegionDesk({
    model,
    scene: {},
    layer,
    images: {
      async submitRegion(id: string) {
        opsAtSubmit = server.log.length;
        return rowOf(id, "submitted");
      },
      regions: () => new Promise((answer) => answers.push(answer)),
    },
    onSubmitted: () => undefined,
    attempt: <T>(edit: () => Promise<T>) => edit(),
  } as unknown as RegionParts);
});
afterEach(() => {
  layer.close();
  vi.unstubAllGlobals();
});

const submitted = () => until(() => opsAtSubmit !== undefined, "the region is submitted");

test("a stroke that is still being packed is on the server before its region is submitted", async () => {
  const stroke = layer.beginStroke({ kind: "brush", instanceId: 7, radius: 5 });
  stroke.move(line(50, 50));
  void stroke.commit();
  desk.submit(REGION);
  await submitted();
  expect(opsAtSubmit).toBe(1);
});

test("an edit that waits for its turn is on the server before its region is submitted", async () => {
  const stroke = layer.beginStroke({ kind: "brush", instanceId: 7, radius: 5 });
  stroke.move(line(50, 50));
  void stroke.commit();
  void layer.deleteInstance(7);
  desk.submit(REGION);
  await submitted();
  expect(opsAtSubmit).toBe(2);
});

test("a region is submitted at once when everything is saved", async () => {
  desk.submit(REGION);
  await submitted();
  expect(opsAtSubmit).toBe(0);
});

test("an answer that was asked for before a change here does not take the change back", async () => {
  desk.refresh();
  model.regions.value = [REGION];
  desk.submit(REGION);
  await until(() => model.regions.value[0]?.state === "submitted", "the region is submitted");
  answers.shift()?.([rowOf("region", "open")]);
  await until(() => answers.length === 1, "they are asked for again");
  expect(model.regions.value[0]?.state).toBe("submitted");
  answers.shift()?.([rowOf("region", "submitted"), rowOf("another", "open")]);
  await until(() => model.regions.value.length === 2, "the other region is shown");
});
