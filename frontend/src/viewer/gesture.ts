/** What pointers do on the image, as whoever gets it is told. */
import type { ImagePoint, ScreenPoint } from "../geometry/points";

export interface PointerPlace {
  readonly image: ImagePoint;
  readonly screen: ScreenPoint;
  readonly isShift: boolean;
  readonly isAlt: boolean;
  /** Ctrl, or Command. */
  readonly isControl: boolean;
  /** The other end of the pen, or its barrel button: acts as an eraser. */
  readonly isEraser: boolean;
}

export interface Gesture {
  move(points: readonly ImagePoint[], last: PointerPlace): void;
  end(last: PointerPlace): void;
  cancel(): void;
  /** The wheel, turned while the gesture goes on: +1 away from the person. */
  turn?(direction: 1 | -1): void;
}

export interface InputHandler {
  /** A gesture takes the pointer; undefined lets the press go by. */
  down(place: PointerPlace): Gesture | undefined;
  hover(place: PointerPlace | undefined): void;
  /** A finger touched and let go without moving. */
  tap(place: PointerPlace): void;
  /** Ctrl + wheel: +1 larger, -1 smaller. */
  resizeBrush(direction: 1 | -1): void;
  /** The wheel: whether somebody but the view takes it; +1 away from the person. */
  takesWheel(direction: 1 | -1): boolean;
  /** Alt + wheel: +1 to the next plane, -1 to the one before; with Shift in time. */
  changePlane(direction: 1 | -1, isTime: boolean): void;
  /** While true, dragging moves the view whatever the tool. */
  isPanning(): boolean;
  /** Whether one finger paints; two always move the view. */
  touchPaints(): boolean;
  /** The first pen of this visit: from now on fingers should leave the painting to it. */
  penArrived(): void;
}
