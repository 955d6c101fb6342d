/** The magic wand: pixels of similar colour that hang together, with a tolerance that is dragged. */
import { contains, grow, intersect, type Rect, rect } from "../geometry/rect";
import { type Area, cropped, type Picture, SimilarPixels, withoutHoles } from "../labels/similar";
import * as texts from "../texts";
import type { PointerPlace } from "../viewer/gesture";
import { areaTarget, writeArea } from "./areas";
import { isBlocked, type Tool, type ToolContext } from "./tool";

/** It looks so far from where it was pressed, and no farther than what is in view. */
const REACH_PX = 512;
const MOST_PIXELS = 400_000;
/** CSS pixels of the hand for one step of 255. */
const DRAG_PX = 3;
const WHEEL_STEP = 2;
/** Of a frame; the rest belongs to drawing. */
const SLICE_MS = 6;
const MOST_TOLERANCE = 255;

const TINT = "#b7a5ff";

function clampedTolerance(value: number): number {
  return Math.min(MOST_TOLERANCE, Math.max(0, Math.round(value)));
}

/** One press of the wand: grows as the tolerance rises, a little in each frame. */
class WandPress {
  readonly #context: ToolContext;
  readonly #pixels: Promise<SimilarPixels>;
  #grown: SimilarPixels | undefined;
  #tolerance: number;
  #frame = 0;
  #isOver = false;

  constructor(context: ToolContext, place: PointerPlace, box: Rect) {
    this.#context = context;
    this.#tolerance = context.wand.tolerance;
    const [x, y] = [Math.floor(place.image.x), Math.floor(place.image.y)];
    const grow = (picture: Picture) => new SimilarPixels(picture, x, y, MOST_PIXELS);
    this.#pixels = context.readPicture(box).then(grow);
    this.#pixels.then(
      (grown) => {
        this.#grown = grown;
        this.#schedule();
      },
      () => undefined, // told at the end of the gesture
    );
  }

  set tolerance(value: number) {
    if (value === this.#tolerance) return;
    this.#tolerance = value;
    this.#context.wand.setTolerance(value);
    this.#schedule();
  }

  get tolerance(): number {
    return this.#tolerance;
  }

  get isFull(): boolean {
    return this.#grown?.isFull ?? false;
  }

  stop(): void {
    this.#isOver = true;
    cancelAnimationFrame(this.#frame);
    this.#context.showArea(undefined, TINT);
  }

  /** The area as it was let go. */
  async finish(): Promise<Area | undefined> {
    this.#isOver = true;
    cancelAnimationFrame(this.#frame);
    const grown = await this.#pixels;
    grown.growTo(this.#tolerance);
    return this.#areaOf(grown);
  }

  #schedule(): void {
    if (this.#frame || this.#isOver) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#grown && !this.#isOver) this.#slice(this.#grown);
    });
  }

  #slice(grown: SimilarPixels): void {
    const isDone = grown.growTo(this.#tolerance, Date.now() + SLICE_MS);
    this.#context.showArea(this.#areaOf(grown), TINT);
    if (!isDone) this.#schedule();
  }

  #areaOf(grown: SimilarPixels): Area | undefined {
    const area = cropped(grown.area(this.#tolerance));
    return area && this.#context.wand.fillsHoles ? withoutHoles(area) : area;
  }
}

export const wand: Tool = {
  name: "wand",
  label: texts.tools.wand.label,
  key: "w",
  cursor: "crosshair",
  tint: TINT,
  help: texts.tools.wand.help,
  icon: "M3.5 16.5 11 9M13 3v3M11.5 4.5h3M16.5 8v3M15 9.5h3M8 4v2M7 5h2",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    const { width, height } = context.layer.info;
    const [x, y] = [Math.floor(place.image.x), Math.floor(place.image.y)];
    const box = intersect(
      intersect(context.visible, rect(0, 0, width, height)),
      grow(rect(x, y, x + 1, y + 1), REACH_PX),
    );
    const target = contains(box, x, y) && areaTarget(context, place);
    if (!target) return undefined;
    const press = new WandPress(context, place, box);
    const start = press.tolerance;
    let turned = 0;
    let dragged = 0;
    const retune = () => {
      press.tolerance = clampedTolerance(start + turned + dragged);
    };
    return {
      move(_points, last) {
        dragged = (last.screen.x - place.screen.x) / DRAG_PX;
        retune();
      },
      turn(direction) {
        turned += direction * WHEEL_STEP;
        retune();
      },
      end() {
        void context
          .attempt(async () => {
            const area = await press.finish();
            if (!area) return undefined;
            const report = await writeArea(context, place, target, area, { kind: "wand" });
            if (press.isFull) context.say(TOO_LARGE);
            return report;
          })
          .finally(() => press.stop());
      },
      cancel: () => press.stop(),
    };
  },
};

const TOO_LARGE = texts.tools.wand.stopsAt(MOST_PIXELS);
