/** The tool that chooses many objects: a box or a lasso around them, or one by one. */
import type { ImagePoint } from "../geometry/points";
import { rect } from "../geometry/rect";
import { boxEnclosure, type Enclosure, lassoEnclosure } from "../labels/inside";
import * as texts from "../texts";
import type { PointerPlace } from "../viewer/gesture";
import { boxBetween } from "./region";
import { isFar, type Tool } from "./tool";

/** A lasso goes on when the pointer is so far (CSS pixels) from its last point. */
const STEP_PX = 2;

/** What choosing needs of the editor. */
export interface ManyChooser {
  /** Whether a drag draws a lasso; Ctrl swaps it with a box. */
  readonly isLasso: boolean;
  /** Choose what lies inside for the most part. */
  enclosed(enclosure: Enclosure, how: "replace" | "add" | "remove"): void;
  /** Choose the object at a point, or no longer. */
  toggle(at: ImagePoint): void;
}

function howOf({ isShift, isAlt }: PointerPlace): "replace" | "add" | "remove" {
  if (isAlt) return "remove";
  return isShift ? "add" : "replace";
}

export const chooseMany: Tool = {
  name: "choose-many",
  label: texts.tools.chooseMany.label,
  key: "s",
  cursor: "crosshair",
  help: texts.tools.chooseMany.help,
  icon: "M3 6V3h3M9 3h2M14 3h3v3M17 9v2M3 9v2M3 14v3h3M9 17h1.5M12 11l6 3.2-2.6.7-.9 2.6z",
  down(context, place) {
    const { many } = context;
    const { width, height } = context.layer.info;
    const whole = rect(0, 0, width, height);
    const isLasso = many.isLasso !== place.isControl;
    const held = { isShift: place.isShift, isAlt: place.isAlt };
    const path: ImagePoint[] = [place.image];
    let corner = place.image;
    let end = place.screen;
    let isDrag = false;
    const box = () => boxBetween(place.image, corner, whole);
    const clear = () => {
      context.showBand(undefined);
      context.showSketch(undefined);
    };
    return {
      move(points, last) {
        isDrag ||= isFar(place, last);
        corner = points.at(-1) ?? corner;
        if (!isDrag) return;
        if (!isLasso) {
          context.showBand(box());
        } else if (Math.hypot(last.screen.x - end.x, last.screen.y - end.y) >= STEP_PX) {
          end = last.screen;
          path.push(corner);
          context.showSketch({ shape: "outline", points: path, held, isOpen: false });
        }
      },
      end(last) {
        clear();
        if (!isDrag) many.toggle(place.image);
        else many.enclosed(isLasso ? lassoEnclosure(path) : boxEnclosure(box()), howOf(last));
      },
      cancel: clear,
    };
  },
};
