import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { openAll, settle, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";
import { Desk } from "./desk";

let server: ReferenceServer;
let layer: AnnotationPlane;
let desk: Desk;

beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  layer = await openAll(server);
  desk = new Desk(layer);
});
afterEach(() => {
  desk.close();
  vi.unstubAllGlobals();
});

function drag(x: number, y: number): void {
  desk.stage.fire("pointerdown", x, y);
  desk.stage.fire("pointermove", x + 20, y);
}

async function stroke(x: number, y: number): Promise<void> {
  drag(x, y);
  desk.stage.fire("pointerup", x + 20, y);
  await until(() => !layer.isBusy, "the stroke");
}

test("undo during a stroke takes back that stroke and nothing else", async () => {
  await stroke(100, 100);
  drag(300, 300);
  expect(layer.instances.count).toBe(1);
  desk.paint.undo();
  expect(desk.paint.input.isActive).toBe(false);
  await settle(server, layer);
  expect(layer.labelAt({ x: 300, y: 300 } as never)).toBe(0);
  expect(layer.instances.count).toBe(1);

  desk.paint.undo();
  await until(() => layer.instances.count === 0, "the stroke before taken back");
});

test("redo during a stroke finishes the stroke first", async () => {
  drag(300, 300);
  desk.paint.redo();
  await settle(server, layer);
  expect(layer.labelAt({ x: 300, y: 300 } as never)).not.toBe(0);
});

test("the eraser takes what is under it when the selected object was undone", async () => {
  await stroke(100, 100);
  await stroke(300, 300);
  desk.paint.undo();
  const isUndone = () => layer.instances.count === 1 && !layer.isBusy;
  await until(isUndone, "the second object taken back");
  expect(layer.instances.areaOf(desk.model.selected.value)).toBe(0);
  desk.paint.chooseTool("erase-selected");
  await stroke(100, 100);
  expect(layer.labelAt({ x: 110, y: 100 } as never)).toBe(0);
});
