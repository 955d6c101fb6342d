/** The tool that paints, or erases, what lies inside of a drawn outline. */
import type { ImagePoint } from "../geometry/points";
import type { StrokeOptions } from "../store/edit_types";
import * as texts from "../texts";
import type { PointerPlace } from "../viewer/gesture";
import type { Sketch } from "../viewer/sketch";
import { modeOf, newClass, targetOf } from "./brushes";
import { isBlocked, isFar, type Tool, type ToolContext } from "./tool";

/** A click this near (CSS pixels) to a corner means that corner. */
const CORNER_PX = 9;

export const lasso: Tool = {
  name: "lasso",
  label: texts.tools.lasso.label,
  key: "o",
  cursor: "crosshair",
  help: texts.tools.lasso.help,
  icon: "M10 3.5c4 0 7 2 7 5s-3 5-7 5-7-2-7-5 3-5 7-5zM6 12.8c-1 1.7.5 2.7 1.5 1.7s2 .5 1 2",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    return context.sketch ? corner(context, place, context.sketch) : first(context, place);
  },
  press(context, key) {
    const { sketch } = context;
    if (!sketch || !["enter", "backspace"].includes(key)) return false;
    if (key === "enter") close(context, sketch);
    else dropCorner(context, sketch);
    return true;
  },
};

/** A drag draws the whole outline, a click sets its first corner. */
function first(context: ToolContext, place: PointerPlace) {
  const { isShift, isAlt, isEraser } = place;
  const held = { isShift, isAlt: isAlt || isEraser };
  const points = [place.image];
  let isDrag = false;
  return {
    move(more: readonly ImagePoint[], last: PointerPlace) {
      addFar(points, more, 1 / context.scale);
      isDrag ||= isFar(place, last);
      if (isDrag) context.showSketch({ shape: "outline", points, held, isOpen: false });
    },
    end() {
      if (isDrag) close(context, { shape: "outline", points, held, isOpen: false });
      else context.showSketch({ shape: "corners", points: [place.image], held, isOpen: true });
    },
    cancel: () => context.showSketch(undefined),
  };
}

/** One more corner, or a piece drawn by hand, or the end. */
function corner(context: ToolContext, place: PointerPlace, sketch: Sketch) {
  const points = [...sketch.points];
  let isDrag = false;
  return {
    move(more: readonly ImagePoint[], last: PointerPlace) {
      addFar(points, more, 1 / context.scale);
      isDrag ||= isFar(place, last);
      if (isDrag) context.showSketch({ ...sketch, points });
    },
    end() {
      if (isDrag) return;
      const isEnd = [sketch.points[0], sketch.points.at(-1)].some((one) =>
        isAt(context, one, place),
      );
      if (isEnd && sketch.points.length > 2) close(context, sketch);
      else if (!isEnd) context.showSketch({ ...sketch, points: [...sketch.points, place.image] });
    },
    cancel: () => context.showSketch(sketch),
  };
}

function isAt({ scale }: ToolContext, one: ImagePoint | undefined, { image }: PointerPlace) {
  return one !== undefined && Math.hypot(one.x - image.x, one.y - image.y) * scale <= CORNER_PX;
}

/** Points on screen closer than a pixel say nothing. */
function addFar(points: ImagePoint[], more: readonly ImagePoint[], least: number): void {
  for (const point of more) {
    const last = points.at(-1);
    if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= least) points.push(point);
  }
}

function dropCorner(context: ToolContext, sketch: Sketch): void {
  const points = sketch.points.slice(0, -1);
  context.showSketch(points.length > 0 ? { ...sketch, points } : undefined);
}

/** Paint, or erase, the inside. */
function close(context: ToolContext, { points, held }: Sketch): void {
  const start = points[0];
  if (!start || points.length < 3) {
    context.say(texts.tools.lasso.threeCorners);
    return;
  }
  context.showSketch(undefined);
  void context.attempt(async () => {
    const options = held.isAlt ? erasing(context, start) : painting(context, start, held.isShift);
    if (!options) return undefined;
    const report = await context.layer.fillPolygon(points, options);
    context.select(options.instanceId);
    if (!held.isAlt) context.disarmNew();
    if (report === null) context.say(nothingChanged(held.isAlt, options));
    return report;
  });
}

/** By the rules of a stroke that starts at the first point, with a brush of no size. */
function painting(context: ToolContext, start: ImagePoint, isShift: boolean): StrokeOptions {
  const target = targetOf({ ...context, radius: 0 }, start);
  const instanceId = target || context.layer.nextInstanceId();
  return {
    kind: "brush",
    instanceId,
    radius: 0,
    mode: modeOf(context.mode, isShift),
    className: target ? "" : newClass(context, { image: start, isShift }),
  };
}

function erasing(context: ToolContext, start: ImagePoint): StrokeOptions | undefined {
  const instanceId = context.selected || (context.layer.labelAt(start) ?? 0);
  if (instanceId !== 0) return { kind: "erase-selected", instanceId, radius: 0 };
  context.say(texts.tools.lasso.chooseBeforeErasing);
  return undefined;
}

function nothingChanged(isErasing: boolean, { mode }: StrokeOptions): string {
  if (isErasing) return texts.tools.lasso.nothingInside;
  return mode === "preserve"
    ? texts.tools.strokes.othersProtected
    : texts.tools.strokes.nothingPainted;
}
