/** Opening a store against the reference server, and checking it against the truth. */

import { expect } from "vitest";
import { type ImagePoint, imagePoint } from "../../src/geometry/points";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { type Journal, MemoryJournal } from "../../src/store/journal";
import { openLayerStore } from "../../src/store/open";
import { LocalSessionLocks, type SessionLocks } from "../../src/store/sessions";
import { expectSame } from "../arrays";
import { type ReferenceServer, recount } from "./reference_server";

export async function open(
  server: ReferenceServer,
  more: {
    user?: string;
    journal?: Journal;
    locks?: SessionLocks;
    chunkLimit?: number;
    mostUnsaved?: number;
  } = {},
): Promise<AnnotationPlane> {
  const store = (await openLayerStore({
    api: server,
    layerId: "layer",
    user: "ana",
    journal: new MemoryJournal(),
    locks: new LocalSessionLocks(),
    ...more,
  })) as AnnotationPlane;
  await store.ids.ensure(1);
  return store;
}

export async function openAll(
  server: ReferenceServer,
  more: Parameters<typeof open>[1] = {},
): Promise<AnnotationPlane> {
  const store = await open(server, more);
  await store.ensure(server.bounds);
  return store;
}

export function line(...coordinates: number[]): ImagePoint[] {
  const points: ImagePoint[] = [];
  for (let i = 0; i < coordinates.length; i += 2) {
    points.push(imagePoint(coordinates[i] as number, coordinates[i + 1] as number));
  }
  return points;
}

/** One brush stroke along a path. */
export async function brush(
  store: AnnotationPlane,
  instanceId: number,
  points: readonly ImagePoint[],
  radius = 5,
) {
  const stroke = store.beginStroke({ kind: "brush", instanceId, radius });
  stroke.move(points);
  return stroke.commit();
}

export async function until(condition: () => boolean, what: string, ms = 8000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited too long: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** Everything sent, everything received. */
export async function settle(server: ReferenceServer, ...stores: AnnotationPlane[]): Promise<void> {
  await Promise.all(stores.map((store) => store.flush()));
  await until(
    () =>
      stores.every((s) => s.replica.pending.length === 0 && s.replica.seq === server.log.length),
    "copies in step",
  );
}

/** The same after a stream that loses events: of the last one nobody hears by a gap after it. */
export async function settleAfterLoss(
  server: ReferenceServer,
  ...stores: AnnotationPlane[]
): Promise<void> {
  server.trouble.dropEvent = 0;
  await Promise.all(stores.map((store) => store.flush()));
  await Promise.all(stores.map((store) => store.inbox.catchUp()));
  await settle(server, ...stores);
}

/** The copy has the server's pixels, and its areas are those of its pixels. */
export function expectTruth(server: ReferenceServer, store: AnnotationPlane): void {
  for (const key of store.replica.chunks.keys()) {
    expectSame(store.replica.chunks.get(key), server.chunks.get(key));
  }
  expectAreas(store);
}

export function expectAreas(store: AnnotationPlane): void {
  const areas = recount(store.replica.chunks);
  const known = new Map([...store.instances.ids()].map((id) => [id, store.instances.areaOf(id)]));
  expect([...known].sort((a, b) => a[0] - b[0])).toEqual([...areas].sort((a, b) => a[0] - b[0]));
}
