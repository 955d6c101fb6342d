import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { makeModel } from "../../src/ui/editor/model";
import { PaintDesk, type PaintParts } from "../../src/ui/editor/paint_desk";
import { openAll, settle, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { FakeStage, stubPage } from "../viewer/pointers";

let server: ReferenceServer;
let layer: AnnotationPlane;
let stage: FakeStage;
let desk: PaintDesk;

beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  layer = await openAll(server);
  stage = new FakeStage();
  desk = new PaintDesk({
    model: makeModel(),
    scene: { stage: stage.asStage, cursor: { setBand() {} } },
    layer,
    review: { draft: undefined, shows: () => false },
    desk: { drop() {} },
    view: { isPanHeld: false, follow() {} },
    many: { none() {} },
    attempt: <T>(edit: () => Promise<T>) => edit(),
  } as unknown as PaintParts);
});
afterEach(() => {
  desk.close();
  layer.close();
  vi.unstubAllGlobals();
});

function drag(x: number, y: number): void {
  stage.fire("pointerdown", x, y);
  stage.fire("pointermove", x + 20, y);
}

async function stroke(x: number, y: number): Promise<void> {
  drag(x, y);
  stage.fire("pointerup", x + 20, y);
  await until(() => !layer.isBusy, "the stroke");
}

test("undo during a stroke takes back that stroke and nothing else", async () => {
  await stroke(100, 100);
  drag(300, 300);
  expect(layer.instances.count).toBe(1);
  desk.undo();
  expect(desk.input.isActive).toBe(false);
  await settle(server, layer);
  expect(layer.labelAt({ x: 300, y: 300 } as never)).toBe(0);
  expect(layer.instances.count).toBe(1);

  desk.undo();
  await until(() => layer.instances.count === 0, "the stroke before taken back");
});

test("redo during a stroke finishes the stroke first", async () => {
  drag(300, 300);
  desk.redo();
  await settle(server, layer);
  expect(layer.labelAt({ x: 300, y: 300 } as never)).not.toBe(0);
});
