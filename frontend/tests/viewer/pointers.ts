/** A stage without a screen, and presses on it: one image pixel is one screen pixel. */

import { setMaxListeners } from "node:events";
import { vi } from "vitest";
import { imagePoint, screenPoint } from "../../src/geometry/points";
import type { Stage } from "../../src/viewer/stage";

// PointerInput ends all its listeners by one signal; Node takes that for a leak.
setMaxListeners(20);

export interface Press {
  readonly pointerType?: "mouse" | "pen" | "touch";
  readonly pointerId?: number;
  readonly button?: number;
  readonly buttons?: number;
  readonly shiftKey?: boolean;
  readonly altKey?: boolean;
  readonly ctrlKey?: boolean;
}

/** Stands for the stage's element. What it lets through would reach OpenSeadragon. */
export class FakeStage {
  readonly element = Object.assign(new EventTarget(), {
    setPointerCapture: (id: number) => void this.captured.add(id),
    hasPointerCapture: (id: number) => this.captured.has(id),
    releasePointerCapture: (id: number) => void this.captured.delete(id),
    dataset: {},
  });
  readonly focusTarget = { focus: () => undefined };
  readonly captured = new Set<number>();
  /** Kinds of the events that nobody swallowed. */
  readonly passed: string[] = [];
  readonly pans: [number, number][] = [];
  /** Scales that the image was shown in. */
  readonly pinches: number[] = [];
  /** Where fingers put the image: its place, the screen's, the scale. */
  readonly places: [number, number, number][] = [];

  get asStage(): Stage {
    return this as unknown as Stage;
  }

  pointOf(event: { clientX: number; clientY: number }) {
    return screenPoint(event.clientX, event.clientY);
  }

  toImage(point: { x: number; y: number }) {
    return imagePoint(point.x, point.y);
  }

  settle(): void {}

  place(image: { x: number }, screen: { x: number }, scale: number): void {
    this.places.push([image.x, screen.x, scale]);
  }

  panBy(dx: number, dy: number): void {
    this.pans.push([dx, dy]);
  }

  view() {
    const visible = { x0: 0, y0: 0, x1: 1024, y1: 1024 };
    return { scale: 1, visible, width: 1024, height: 1024 };
  }

  /** Call after the listeners under test are in place: it stands behind them. */
  listenBehind(): void {
    for (const kind of ["pointerdown", "pointermove", "pointerup"]) {
      this.element.addEventListener(kind, (event) => {
        const { pointerType } = event as PointerEvent;
        this.passed.push(`${pointerType} ${kind}`);
      });
    }
  }

  fire(kind: string, x: number, y: number, press: Press = {}): void {
    const facts = { pointerType: "mouse", pointerId: 1, button: 0, buttons: 1 };
    const event = new Event(kind, { cancelable: true });
    const place = { clientX: x, clientY: y };
    const keys = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false };
    this.element.dispatchEvent(Object.assign(event, facts, keys, place, press));
  }
}

/** The globals that listeners for lost windows and page exits need. */
export function stubPage(): void {
  vi.stubGlobal("window", Object.assign(new EventTarget(), { innerWidth: 1200 }));
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
}
