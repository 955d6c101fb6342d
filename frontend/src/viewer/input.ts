/** Who gets a pointer: the tool (mouse, pen) or OpenSeadragon (touch, wheel). */
import type { ImagePoint, ScreenPoint } from "../geometry/points";
import type { Stage } from "./stage";

export interface PointerPlace {
  readonly image: ImagePoint;
  readonly screen: ScreenPoint;
  readonly isShift: boolean;
  readonly isAlt: boolean;
  /** The other end of the pen, or its barrel button: acts as an eraser. */
  readonly isEraser: boolean;
}

export interface Gesture {
  move(points: readonly ImagePoint[], last: PointerPlace): void;
  end(last: PointerPlace): void;
  cancel(): void;
}

export interface InputHandler {
  /** A gesture takes the pointer; undefined lets the press go by. */
  down(place: PointerPlace): Gesture | undefined;
  hover(place: PointerPlace | undefined): void;
  /** A finger touched and let go without moving. */
  tap(place: PointerPlace): void;
  /** Ctrl + wheel: +1 larger, -1 smaller. */
  resizeBrush(direction: 1 | -1): void;
  /** While true, dragging moves the view whatever the tool. */
  isPanning(): boolean;
  /** Whether a finger paints as well; touch then no longer moves the view with one finger. */
  touchPaints(): boolean;
}

const PEN_ERASER = 32;
const PEN_BARREL = 2;

export class PointerInput {
  readonly #stage: Stage;
  readonly #handler: InputHandler;
  readonly #abort = new AbortController();
  #pointer: number | undefined;
  #gesture: Gesture | undefined;
  #last: PointerPlace | undefined;
  /** Some pens report the barrel button only while they hover. */
  #isBarrelHeld = false;
  #hasSeenPen = false;

  constructor(stage: Stage, handler: InputHandler) {
    this.#stage = stage;
    this.#handler = handler;
    const element = stage.element;
    const options = { capture: true, signal: this.#abort.signal };
    element.addEventListener("pointerdown", (event) => this.#down(event), options);
    element.addEventListener("pointermove", (event) => this.#move(event), options);
    element.addEventListener("pointerup", (event) => this.#up(event), options);
    element.addEventListener("pointercancel", (event) => this.#stop(event), options);
    element.addEventListener("lostpointercapture", (event) => this.#stop(event), options);
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
      isEraser:
        event.pointerType === "pen" &&
        ((event.buttons & PEN_ERASER) !== 0 ||
          (event.buttons & PEN_BARREL) !== 0 ||
          this.#isBarrelHeld),
    };
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "pen") this.#hasSeenPen = true;
    if (this.#gesture) {
      // A second finger or button while painting belongs to nobody.
      if (event.pointerType !== "touch") swallow(event);
      else if (this.#handler.touchPaints()) this.cancel();
      return;
    }
    if (event.pointerType === "touch" && !this.#paintsByTouch()) {
      this.#tap(event);
      return;
    }
    const place = this.#place(event);
    const isPan = event.button === 1 || this.#handler.isPanning();
    const isMain = event.button === 0 || place.isEraser;
    if (!isPan && !isMain) return;
    const gesture = isPan ? this.#pan(place) : this.#handler.down(place);
    swallow(event);
    this.#stage.focusTarget.focus({ preventScroll: true });
    if (!gesture) return;
    this.#gesture = gesture;
    this.#pointer = event.pointerId;
    this.#last = place;
    try {
      this.#stage.element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its up event ends the gesture.
    }
  }

  #move(event: PointerEvent): void {
    if (event.pointerType === "pen" && !this.#gesture) {
      this.#isBarrelHeld = (event.buttons & PEN_BARREL) !== 0;
    }
    if (event.pointerType === "touch" && !this.#gesture) return;
    const place = this.#place(event);
    if (!this.#gesture) {
      this.#handler.hover(place);
      return;
    }
    if (event.pointerId !== this.#pointer) return;
    swallow(event);
    this.#last = place;
    const points = event.getCoalescedEvents?.() ?? [];
    const path = (points.length > 0 ? points : [event]).map((one) =>
      this.#stage.toImage(this.#stage.pointOf(one)),
    );
    this.#gesture.move(path, place);
    this.#handler.hover(place);
  }

  #up(event: PointerEvent): void {
    if (!this.#gesture || event.pointerId !== this.#pointer) return;
    swallow(event);
    this.#last = this.#place(event);
    this.finish();
  }

  #stop(event: PointerEvent): void {
    if (this.#gesture && event.pointerId === this.#pointer) this.finish();
  }

  #release(): void {
    this.#gesture = undefined;
    if (this.#pointer === undefined) return;
    const pointer = this.#pointer;
    this.#pointer = undefined;
    if (this.#stage.element.hasPointerCapture(pointer)) {
      this.#stage.element.releasePointerCapture(pointer);
    }
  }

  #paintsByTouch(): boolean {
    return this.#handler.touchPaints() && !this.#hasSeenPen;
  }

  /** A finger that does not drag picks, whatever OpenSeadragon does with the drag. */
  #tap(event: PointerEvent): void {
    const start = this.#place(event);
    const end = new AbortController();
    const stop = () => end.abort();
    const options = { capture: true, signal: end.signal };
    this.#stage.element.addEventListener(
      "pointerup",
      (up) => {
        if (up.pointerId !== event.pointerId) return;
        stop();
        const place = this.#place(up);
        const moved = Math.hypot(place.screen.x - start.screen.x, place.screen.y - start.screen.y);
        if (moved < 10) this.#handler.tap(place);
      },
      options,
    );
    this.#stage.element.addEventListener("pointercancel", stop, options);
    this.#stage.element.addEventListener("pointerdown", stop, options);
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
    if (!event.ctrlKey && !event.metaKey) return;
    // Also keeps the browser from zooming the page.
    swallow(event);
    if (event.deltaY !== 0) this.#handler.resizeBrush(event.deltaY < 0 ? 1 : -1);
  }
}

function swallow(event: Event): void {
  event.stopImmediatePropagation();
  event.preventDefault();
}
