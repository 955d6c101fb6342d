import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InputHandler } from "../../src/viewer/gesture";
import { PointerInput } from "../../src/viewer/input";
import { FakeStage, type Press, stubPage } from "./pointers";

const PEN: Press = { pointerType: "pen", pointerId: 2 };
const FINGER: Press = { pointerType: "touch", pointerId: 3 };
const SECOND: Press = { pointerType: "touch", pointerId: 4 };

let stage: FakeStage;
let input: PointerInput;
/** What the tool was told, in order. */
let told: string[];
let fingersPaint: boolean;
let wheelIsWanted: boolean;

beforeEach(() => {
  stubPage();
  vi.useFakeTimers({ toFake: ["performance"] });
  told = [];
  fingersPaint = true;
  wheelIsWanted = false;
  stage = new FakeStage();
  const handler: InputHandler = {
    down(place) {
      told.push(`down ${place.image.x}`);
      return {
        move: (points) => told.push(`move ${points.length}`),
        end: (last) => told.push(`end ${last.image.x}`),
        cancel: () => told.push("cancel"),
        turn: (direction) => told.push(`turn ${direction}`),
      };
    },
    hover: () => undefined,
    tap: (place) => told.push(`tap ${place.image.x}`),
    resizeBrush: () => undefined,
    takesWheel: (direction) => wheelIsWanted && told.push(`wheel ${direction}`) > 0,
    changePlane: (direction, isTime) => told.push(`plane ${direction}${isTime ? " in time" : ""}`),
    isPanning: () => false,
    touchPaints: () => fingersPaint,
    penArrived: () => told.push("pen"),
  };
  input = new PointerInput(stage.asStage, handler);
  stage.listenBehind();
});
afterEach(() => {
  input.destroy();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a hand that rests on the screen", () => {
  test.each([true, false])("does not end a pen stroke, nor move the view: %s", (paints) => {
    fingersPaint = paints;
    stage.fire("pointerdown", 10, 10, PEN);
    stage.fire("pointermove", 20, 10, PEN);
    stage.fire("pointerdown", 300, 300, FINGER);
    stage.fire("pointermove", 340, 300, FINGER);
    stage.fire("pointerdown", 320, 320, SECOND);
    stage.fire("pointerup", 340, 300, FINGER);
    stage.fire("pointermove", 30, 10, PEN);
    stage.fire("pointerup", 30, 10, PEN);
    expect(told).toEqual(["pen", "down 10", "move 1", "move 1", "end 30"]);
    expect(stage.pans).toEqual([]);
    expect(stage.passed.filter((kind) => kind.startsWith("touch"))).toEqual([]);
  });

  test("does not end a stroke of the mouse either", () => {
    stage.fire("pointerdown", 10, 10);
    stage.fire("pointerdown", 300, 300, FINGER);
    stage.fire("pointermove", 340, 300, FINGER);
    stage.fire("pointerup", 340, 300, FINGER);
    stage.fire("pointermove", 20, 10);
    stage.fire("pointerup", 20, 10);
    expect(told).toEqual(["down 10", "move 1", "end 20"]);
    expect(stage.pans).toEqual([]);
  });
});

describe("fingers", () => {
  test("one paints", () => {
    stage.fire("pointerdown", 10, 10, FINGER);
    stage.fire("pointermove", 40, 10, FINGER);
    stage.fire("pointerup", 40, 10, FINGER);
    expect(told).toEqual(["down 10", "move 1", "end 40"]);
  });

  test("a second one at once takes the stroke back: it is a pinch", () => {
    stage.fire("pointerdown", 10, 10, FINGER);
    stage.fire("pointerdown", 90, 10, SECOND);
    stage.fire("pointermove", 30, 10, FINGER);
    stage.fire("pointerup", 30, 10, FINGER);
    stage.fire("pointerup", 90, 10, SECOND);
    expect(told).toEqual(["down 10", "cancel"]);
    // What was in the middle of the fingers stays there, and shrinks with their distance.
    expect(stage.places).toEqual([[50, 60, 0.75]]);
  });

  test("one moves the view and taps when fingers do not paint", () => {
    fingersPaint = false;
    stage.fire("pointerdown", 10, 10, FINGER);
    stage.fire("pointermove", 60, 10, FINGER);
    stage.fire("pointerup", 60, 10, FINGER);
    expect(told).toEqual([]);
    expect(stage.pans.length).toBeGreaterThan(0);
    stage.fire("pointerdown", 10, 10, FINGER);
    stage.fire("pointerup", 11, 10, FINGER);
    expect(told).toEqual(["tap 11"]);
  });
});

describe("the mouse", () => {
  test("a second button during a stroke belongs to nobody", () => {
    stage.fire("pointerdown", 10, 10);
    stage.fire("pointerdown", 10, 10, { button: 2, pointerId: 1 });
    stage.fire("pointerup", 10, 10);
    expect(told).toEqual(["down 10", "end 10"]);
    expect(stage.passed).not.toContain("mouse pointerdown");
  });

  test("the middle button moves the view", () => {
    stage.fire("pointerdown", 10, 10, { button: 1 });
    stage.fire("pointermove", 25, 10);
    stage.fire("pointerup", 25, 10);
    expect(told).toEqual([]);
    expect(stage.pans[0]).toEqual([15, 0]);
  });

  test("a stroke whose pointer or window is lost is finished, not thrown away", () => {
    stage.fire("pointerdown", 10, 10);
    stage.fire("pointercancel", 10, 10);
    stage.fire("pointerdown", 50, 10);
    window.dispatchEvent(new Event("blur"));
    expect(told).toEqual(["down 10", "end 10", "down 50", "end 50"]);
  });

  test("Escape takes a stroke back", () => {
    stage.fire("pointerdown", 10, 10);
    input.cancel();
    stage.fire("pointerup", 10, 10);
    expect(told).toEqual(["down 10", "cancel"]);
  });
});

describe("the wheel", () => {
  const turn = (deltaY: number) => {
    const event = Object.assign(new Event("wheel", { cancelable: true }), { deltaY });
    stage.element.dispatchEvent(event);
    return event.defaultPrevented;
  };

  test("belongs to the gesture that goes on, and the view does not zoom", () => {
    stage.fire("pointerdown", 10, 10);
    expect([turn(-100), turn(100)]).toEqual([true, true]);
    stage.fire("pointerup", 10, 10);
    expect(told).toEqual(["down 10", "turn 1", "turn -1", "end 10"]);
  });

  test("zooms, unless somebody takes it", () => {
    expect(turn(-100)).toBe(false);
    expect(told).toEqual([]);
    wheelIsWanted = true;
    expect(turn(-100)).toBe(true);
    expect(told).toEqual(["wheel 1"]);
  });
});
