/** One click or box, and a model says which object is meant: shown first, kept by another click. */
import { height, type Rect, rect, width } from "../geometry/rect";
import { boxBetween } from "./region";
import { click, isBlocked, isFar, type Tool } from "./tool";

/** What the server looks at, at most. */
const LARGEST_SIDE_PX = 1024;

export const prompt: Tool = {
  name: "prompt",
  label: "Find by a click",
  key: "q",
  cursor: "crosshair",
  help: "Click an object, or drag a box around it: the newest model shows what it sees there. Click it or press {key:keep-found} to keep it, Esc drops it, the wheel changes the threshold.",
  icon: "M10 2.5v3M10 14.5v3M2.5 10h3M14.5 10h3M10 7l.9 2.1L13 10l-2.1.9L10 13l-.9-2.1L7 10l2.1-.9z",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    const { prompts } = context;
    if (prompts.contains(place.image)) return click(() => prompts.keep());
    const { width: w, height: h } = context.layer.info;
    const whole = rect(0, 0, w, h);
    let box: Rect | undefined;
    return {
      move(points, last) {
        if (!box && !isFar(place, last)) return;
        box = boxBetween(place.image, points.at(-1) ?? last.image, whole);
        context.showBand(box);
      },
      end() {
        context.showBand(undefined);
        if (box && Math.max(width(box), height(box)) > LARGEST_SIDE_PX) {
          context.say(`The box may be at most ${LARGEST_SIDE_PX} pixels wide and high.`, "problem");
        } else prompts.ask(place, box);
      },
      cancel: () => context.showBand(undefined),
    };
  },
};
