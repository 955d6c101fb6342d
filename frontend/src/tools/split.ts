/** The tool that divides an object: along a dragged line, or between two clicks. */
import type { ImagePoint } from "../geometry/points";
import type { SplitReport } from "../store/shape_types";
import type { PointerPlace } from "../viewer/input";
import { crossedBy, lineOrClick } from "./path";
import { isBlocked, type Tool, type ToolContext } from "./tool";

export const split: Tool = {
  name: "split",
  label: "Split",
  key: "k",
  cursor: "crosshair",
  help: "Drag a line across an object to cut it, or click in each of its two parts: it is divided where the image changes between them, by its shape where the image is even or not loaded at full size.",
  icon: "M8 5.5a5 5 0 1 0 0 9M12 5.5a5 5 0 1 1 0 9M10 2.5v3M10 8.5v3M10 14.5v3",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    return lineOrClick(context, place, {
      line: (path) => cutAlong(context, path),
      click: () => seedAt(context, place),
    });
  },
  press(context, key) {
    if (key === "backspace") context.showSketch(undefined);
    return key === "backspace";
  },
};

function cutAlong(context: ToolContext, path: readonly ImagePoint[]): void {
  const crossed = crossedBy(context.layer, path);
  const most = [...crossed].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0];
  const id = crossed.has(context.selected) ? context.selected : most;
  if (id === 0) {
    context.say("The line crosses no object: drag it across the one to cut.");
    return;
  }
  void context.attempt(async () =>
    done(context, id, await context.layer.shaping.splitAlong(id, path)),
  );
}

function seedAt(context: ToolContext, place: PointerPlace): void {
  const id = context.layer.labelAt(place.image) ?? 0;
  const first = context.sketch?.points[0];
  if (id === 0) {
    context.say("Click inside the object to divide, or drag a line across it.");
  } else if (!first) {
    const { isShift, isAlt } = place;
    context.select(id);
    context.showSketch({
      ...{ shape: "seeds", points: [place.image], held: { isShift, isAlt }, isOpen: false },
    });
    context.say(`Now click the other part of object ${id}. Esc gives up.`);
  } else {
    const from = context.layer.labelAt(first) ?? 0;
    if (id !== from) {
      context.say(`That is object ${id}. Click the other part of object ${from}; Esc gives up.`);
      return;
    }
    context.showSketch(undefined);
    void context.attempt(async () => {
      const { shaping } = context.layer;
      const seeds = [first, place.image] as const;
      done(context, from, await shaping.splitBetween(from, seeds, context.brightness));
    });
  }
}

const WAYS = { line: "", image: ", by the image", shape: ", by its shape" };

function done(context: ToolContext, id: number, { newIds, by }: SplitReport): void {
  context.select(id);
  const where = (context.layer.instances.get(id)?.depth ?? 1) > 1 ? " in this plane" : "";
  const parts = newIds.length > 3 ? `${newIds.length} new objects` : newIds.join(" and ");
  context.say(`Object ${id} is now ${id} and ${parts}${where}${WAYS[by]}.`);
}
