import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { LOG_LIMIT } from "../../src/store/chunk_loader";
import { brush, expectTruth, line, open, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

let server: ReferenceServer;
let ana: AnnotationPlane;
let ben: AnnotationPlane;

beforeEach(async () => {
  server = new ReferenceServer(seeded(4));
  ana = await openAll(server);
  ben = await open(server, { user: "ben" });
});
afterEach(() => {
  ana.close();
  ben.close();
});

test("the log of a copy that has every chunk stays bounded, and the copy true", async () => {
  const manifest = vi.spyOn(server, "manifest");
  const id = ana.nextInstanceId();
  const n = LOG_LIMIT + 60;
  for (let i = 0; i < n; i++) await brush(ana, id, line(20 + (i % 30) * 30, 20 + i), 1);
  await settle(server, ana, ben);
  await vi.waitFor(() => expect(ana.replica.logSize).toBeLessThan(LOG_LIMIT));
  // Once for each copy, not with every op.
  expect(manifest.mock.calls.length).toBeLessThanOrEqual(3);
  await ben.ensure(server.bounds);
  expectTruth(server, ana);
  expectTruth(server, ben);
}, 20_000);
