import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { makeModel, type RegionInfo } from "../../src/ui/editor/model";
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
};

let server: ReferenceServer;
let layer: AnnotationPlane;
let desk: RegionDesk;
/** How many ops the server had when the region was submitted. */
let opsAtSubmit: number | undefined;

beforeEach(async () => {
  stubPage();
  opsAtSubmit = undefined;
  server = new ReferenceServer(seeded(3));
  layer = await openAll(server);
  desk = new RegionDesk({
    model: makeModel(),
    scene: {},
    layer,
    images: {
      async submitRegion(id: string) {
        opsAtSubmit = server.log.length;
        return { ...REGION, id, row0: 0, col0: 0, row1: 200, col1: 200, state: "submitted" };
      },
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
