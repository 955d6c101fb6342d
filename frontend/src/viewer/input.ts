/** Who gets a pointer: the tool (mouse, pen, a finger), the view (fingers), OpenSeadragon (wheel). */
import type { Gesture, InputHandler, PointerPlace } from "./gesture";
import type { Stage } from "./stage";
import { Touch } from "./touch";

const PEN_ERASER = 32;
const PEN_BARREL = 2;
/** So far a touchpad goes for one plane; the notches of a wheel are longer. */
const NOTCH_PX = 48;

export class PointerInput {
  readonly #stage: Stage;
  readonly #handler: InputHandler;
  readonly #abort = new AbortController();
  #pointer: number | undefined;
  /** Whether a finger makes the gesture. */
  #isTouch = false;
  #gesture: Gesture | undefined;
  #last: PointerPlace | undefined;
  /** Some pens report the barrel button only while they hover. */
  #isBarrelHeld = false;
  #hasSeenPen = false;
  readonly #touch: Touch;
  #idle: (() => void)[] = [];
  /** Of a touchpad, which tells of its way in small pieces. */
  #turned = 0;

  constructor(stage: Stage, handler: InputHandler) {
    this.#stage = stage;
    this.#handler = handler;
    this.#touch = new Touch(stage, {
      paints: () => handler.touchPaints(),
      begin: (event) => this.#begin(event),
      move: (event) => this.#draw(event),
      end: (event) => {
        this.#end(event);
        handler.hover(undefined); // a finger that is gone points nowhere
      },
      cancel: () => this.cancel(),
      tap: (event) => handler.tap(this.#place(event)),
    });
    const element = stage.element;
    const options = { capture: true, signal: this.#abort.signal };
    element.addEventListener("pointerdown", (event) => this.#down(event), options);
    element.addEventListener("pointermove", (event) => this.#move(event), options);
    element.addEventListener("pointerup", (event) => this.#up(event), options);
    element.addEventListener("pointercancel", (event) => this.#stop(event), options);
    element.addEventListener("lostpointercapture", (event) => this.#lost(event), options);
    element.addEventListener("pointerleave", () => this.#handler.hover(undefined), options);
    element.addEventListener("contextmenu", (event) => event.preventDefault(), options);
    element.addEventListener("wheel", (event) => this.#wheel(event), {
      ...options,
      passive: false,
    });
    // A stroke that loses its window is finished, never thrown away.
    const end = { signal: this.#abort.signal };
    window.addEventListener("blur", () => this.finish(), end);
    window.addEventListener("pagehide", () => this.finish(), end);
    document.addEventListener("visibilitychange", () => document.hidden && this.finish(), end);
  }

  get isActive(): boolean {
    return this.#gesture !== undefined;
  }

  /** Resolves when no gesture is going on. */
  async whenIdle(): Promise<void> {
    while (this.#gesture) await new Promise<void>((done) => this.#idle.push(done));
  }

  /** End the gesture where it is. */
  finish(): void {
    const gesture = this.#gesture;
    this.#release();
    if (gesture && this.#last) gesture.end(this.#last);
  }

  /** Give up the gesture: the Escape key. */
  cancel(): void {
    const gesture = this.#gesture;
    this.#release();
    gesture?.cancel();
  }

  destroy(): void {
    this.finish();
    this.#abort.abort();
  }

  #place(event: PointerEvent): PointerPlace {
    const screen = this.#stage.pointOf(event);
    return {
      image: this.#stage.toImage(screen),
      screen,
      isShift: event.shiftKey,
      isAlt: event.altKey,
      isControl: event.ctrlKey || event.metaKey,
      isEraser:
        event.pointerType === "pen" &&
        ((event.buttons & PEN_ERASER) !== 0 ||
          (event.buttons & PEN_BARREL) !== 0 ||
          this.#isBarrelHeld),
    };
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "touch") {
      swallow(event);
      // A hand that rests beside a drawing mouse or pen.
      if (!this.#gesture || this.#isTouch) this.#touch.down(event);
      return;
    }
    if (event.pointerType === "pen") this.#penSeen(true);
    // A second button while painting belongs to nobody.
    if (this.#gesture) swallow(event);
    else this.#begin(event);
  }

  /** Let the tool (or a drag of the view) take the pointer. */
  #begin(event: PointerEvent): boolean {
    const place = this.#place(event);
    const isPan = event.button === 1 || this.#handler.isPanning();
    const isMain = event.button === 0 || place.isEraser;
    if (!isPan && !isMain) return false;
    const gesture = isPan ? this.#pan(place) : this.#handler.down(place);
    swallow(event);
    this.#stage.focusTarget.focus({ preventScroll: true });
    if (!gesture) return false;
    this.#gesture = gesture;
    this.#pointer = event.pointerId;
    this.#isTouch = event.pointerType === "touch";
    this.#last = place;
    try {
      this.#stage.element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its up event ends the gesture.
    }
    return true;
  }

  #move(event: PointerEvent): void {
    if (event.pointerType === "touch") {
      swallow(event);
      this.#touch.move(event);
      return;
    }
    if (event.pointerType === "pen") this.#penSeen((event.buttons & ~PEN_BARREL) !== 0);
    if (event.pointerType === "pen" && !this.#gesture) {
      this.#isBarrelHeld = (event.buttons & PEN_BARREL) !== 0;
    }
    if (!this.#gesture) this.#handler.hover(this.#place(event));
    else if (event.pointerId === this.#pointer) this.#draw(event);
  }

  #draw(event: PointerEvent): void {
    swallow(event);
    const place = this.#place(event);
    this.#last = place;
    const points = event.getCoalescedEvents?.() ?? [];
    const path = (points.length > 0 ? points : [event]).map((one) =>
      this.#stage.toImage(this.#stage.pointOf(one)),
    );
    this.#gesture?.move(path, place);
    this.#handler.hover(place);
  }

  #up(event: PointerEvent): void {
    if (event.pointerType === "touch") {
      swallow(event);
      this.#touch.up(event, false);
      return;
    }
    if (event.pointerType === "pen") this.#penSeen(false);
    if (this.#gesture && event.pointerId === this.#pointer) this.#end(event);
  }

  #end(event: PointerEvent): void {
    swallow(event);
    this.#last = this.#place(event);
    this.finish();
  }

  /** The browser takes the pointer away: what was drawn stays. */
  #stop(event: PointerEvent): void {
    if (event.pointerType === "touch") this.#touch.up(event, true);
    else this.#lost(event);
  }

  #lost(event: PointerEvent): void {
    // A finger loses the capture when a pinch begins, and is still there.
    const isFinger = event.pointerType === "touch";
    if (!isFinger && this.#gesture && event.pointerId === this.#pointer) this.finish();
  }

  #penSeen(isDown: boolean): void {
    this.#touch.penSeen(isDown);
    if (this.#hasSeenPen) return;
    this.#hasSeenPen = true;
    this.#handler.penArrived();
  }

  #release(): void {
    this.#gesture = undefined;
    for (const done of this.#idle.splice(0)) done();
    if (this.#pointer === undefined) return;
    const pointer = this.#pointer;
    this.#pointer = undefined;
    if (this.#stage.element.hasPointerCapture(pointer)) {
      this.#stage.element.releasePointerCapture(pointer);
    }
  }

  #pan(start: PointerPlace): Gesture {
    let from = start.screen;
    return {
      move: (_points, last) => {
        this.#stage.panBy(last.screen.x - from.x, last.screen.y - from.y, true);
        from = last.screen;
      },
      end: () => this.#stage.panBy(0, 0, false),
      cancel: () => {},
    };
  }

  #wheel(event: WheelEvent): void {
    if (event.altKey) {
      swallow(event);
      this.#turn(event);
      return;
    }
    if (!event.ctrlKey && !event.metaKey) {
      if (event.deltaY !== 0 && this.#isTaken(event.deltaY < 0 ? 1 : -1)) swallow(event);
      return;
    }
    // Also keeps the browser from zooming the page.
    swallow(event);
    if (event.deltaY !== 0) this.#handler.resizeBrush(event.deltaY < 0 ? 1 : -1);
  }

  #isTaken(direction: 1 | -1): boolean {
    const gesture = this.#gesture;
    if (!gesture?.turn) return this.#handler.takesWheel(direction);
    gesture.turn(direction);
    return true;
  }

  #turn(event: WheelEvent): void {
    // With Shift some browsers tell of a turn sideways.
    const delta = event.deltaY || event.deltaX;
    if (delta === 0) return;
    const isNotch = event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(delta) >= NOTCH_PX;
    this.#turned = isNotch ? 0 : this.#turned + delta;
    if (!isNotch && Math.abs(this.#turned) < NOTCH_PX) return;
    this.#turned = 0;
    this.#handler.changePlane(delta > 0 ? 1 : -1, event.shiftKey);
  }
}

function swallow(event: Event): void {
  event.stopImmediatePropagation();
  event.preventDefault();
}
