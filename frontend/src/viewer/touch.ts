/** Fingers: who of them paints, moves or pinches the view, and which touches are a resting palm. */
import type { ImagePoint, ScreenPoint } from "../geometry/points";
import type { Stage } from "./stage";

/** A second finger that lands this soon was meant as part of a pinch. */
const PINCH_WITHIN_MS = 150;
/** A finger that moved less than this has tapped, or has not begun to paint. */
const TAP_PX = 10;
/** A pen this near in time makes every touch a palm. */
const PALM_WITHIN_MS = 500;

/** What fingers ask of the input: the painting itself is the same as by mouse. */
export interface TouchHost {
  /** Whether one finger paints. */
  paints(): boolean;
  /** Start painting with this finger; false when the tool did not take it. */
  begin(event: PointerEvent): boolean;
  move(event: PointerEvent): void;
  end(event: PointerEvent): void;
  cancel(): void;
  tap(event: PointerEvent): void;
}

interface Finger {
  readonly id: number;
  readonly start: ScreenPoint;
  readonly since: number;
  at: ScreenPoint;
  isTap: boolean;
}

export class Touch {
  readonly #stage: Stage;
  readonly #host: TouchHost;
  /** At most two; further ones are not looked at. */
  #fingers: Finger[] = [];
  #painting: number | undefined;
  /** What two fingers hold: a place of the image, and their distance in its pixels. */
  #grip: { readonly middle: ImagePoint; readonly length: number } | undefined;
  #penAt = Number.NEGATIVE_INFINITY;
  #isPenDown = false;

  constructor(stage: Stage, host: TouchHost) {
    this.#stage = stage;
    this.#host = host;
  }

  /** The pen is near or on the surface: hands that hold it rest there too. */
  penSeen(isDown: boolean): void {
    this.#penAt = performance.now();
    this.#isPenDown = isDown;
    // A palm often lands before the pen does.
    if (isDown) this.#drop();
  }

  down(event: PointerEvent): void {
    if (this.#isPalm() || this.#fingers.length >= 2) return;
    const at = this.#stage.pointOf(event);
    const now = performance.now();
    const finger = { id: event.pointerId, start: at, at, since: now, isTap: true };
    const [first] = this.#fingers;
    if (first && this.#painting !== undefined) {
      // Later on a second finger is a slip: the stroke goes on.
      if (now - first.since > PINCH_WITHIN_MS && !first.isTap) return;
      this.#painting = undefined;
      this.#host.cancel();
    }
    if (first) {
      first.isTap = false;
      finger.isTap = false;
    }
    this.#fingers.push(finger);
    this.#grasp();
    if (!first && this.#host.paints() && this.#host.begin(event)) this.#painting = event.pointerId;
  }

  move(event: PointerEvent): void {
    const finger = this.#fingers.find((one) => one.id === event.pointerId);
    if (!finger) return;
    const before = finger.at;
    finger.at = this.#stage.pointOf(event);
    if (distance(finger.at, finger.start) >= TAP_PX) finger.isTap = false;
    if (this.#painting === event.pointerId) this.#host.move(event);
    else if (this.#fingers.length === 2) this.#pinch();
    else if (!finger.isTap) {
      this.#stage.panBy(finger.at.x - before.x, finger.at.y - before.y, true);
    }
  }

  up(event: PointerEvent, isCancelled: boolean): void {
    const finger = this.#fingers.find((one) => one.id === event.pointerId);
    if (!finger) return;
    this.#fingers = this.#fingers.filter((one) => one !== finger);
    this.#grip = undefined;
    if (this.#painting === event.pointerId) {
      this.#painting = undefined;
      this.#host.end(event);
    } else if (finger.isTap && !isCancelled) {
      this.#host.tap(event);
    } else if (this.#fingers.length === 0) {
      this.#stage.settle();
    }
  }

  #isPalm(): boolean {
    return this.#isPenDown || performance.now() - this.#penAt < PALM_WITHIN_MS;
  }

  /** Forget the fingers that are down; a stroke of one of them was a palm's. */
  #drop(): void {
    if (this.#painting !== undefined) this.#host.cancel();
    this.#painting = undefined;
    this.#fingers = [];
  }

  /** Two fingers hold the image: what was between them stays between them. */
  #grasp(): void {
    const [p, q] = this.#fingers.map((one) => this.#stage.toImage(one.at));
    this.#grip = p && q && { middle: middle(p, q), length: Math.max(1e-6, distance(p, q)) };
  }

  #pinch(): void {
    const [p, q] = this.#fingers.map((one) => one.at);
    if (!p || !q || !this.#grip) return;
    const scale = distance(p, q) / this.#grip.length;
    if (scale > 0) this.#stage.place(this.#grip.middle, middle(p, q), scale);
  }
}

function distance<P extends ImagePoint | ScreenPoint>(a: P, b: P): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle<P extends ImagePoint | ScreenPoint>(a: P, b: P): P {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } as P;
}
