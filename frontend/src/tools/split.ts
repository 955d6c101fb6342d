/** The tool that divides an object: along a dragged line, or between two clicks. */
import type { ImagePoint } from "../geometry/points";
import type { SplitReport } from "../store/shape_types";
import * as texts from "../texts";
import type { PointerPlace } from "../viewer/gesture";
import { crossedBy, lineOrClick } from "./path";
import { isBlocked, type Tool, type ToolContext } from "./tool";

export const split: Tool = {
  name: "split",
  label: texts.tools.split.label,
  key: "k",
  cursor: "crosshair",
  help: texts.tools.split.help,
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
    context.say(texts.tools.split.crossesNothing);
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
    context.say(texts.tools.split.clickInside);
  } else if (!first) {
    const { isShift, isAlt } = place;
    context.select(id);
    context.showSketch({
      ...{ shape: "seeds", points: [place.image], held: { isShift, isAlt }, isOpen: false },
    });
    context.say(texts.tools.split.clickOther(id));
  } else {
    const from = context.layer.labelAt(first) ?? 0;
    if (id !== from) {
      context.say(texts.tools.split.otherObject(id, from));
      return;
    }
    context.showSketch(undefined);
    void context.attempt(async () => {
      const { shaping } = context.layer;
      const seeds = [first, place.image] as const;
      return done(context, from, await shaping.splitBetween(from, seeds, context.brightness));
    });
  }
}

function done(context: ToolContext, id: number, report: SplitReport): SplitReport {
  const { newIds, by } = report;
  context.select(id);
  const isOnePlane = (context.layer.instances.get(id)?.depth ?? 1) > 1;
  context.say(texts.tools.split.done(id, newIds, by, isOnePlane));
  return report;
}
