/** Tools that paint along a path: brush and erasers. */
import type { ImagePoint } from "../geometry/points";
import { EditRefused } from "../store/edit_refused";
import type { Stroke, StrokeKind, WriteMode } from "../store/edit_types";
import * as texts from "../texts";
import type { Gesture, PointerPlace } from "../viewer/gesture";
import { isBlocked, isFar, type Tool, type ToolContext } from "./tool";

const RING_SAMPLES = 16;

/** The write mode of a stroke: Shift swaps "preserve" and "overwrite" for its length. */
export function modeOf(mode: WriteMode, isShift: boolean): WriteMode {
  if (!isShift) return mode;
  if (mode === "preserve") return "overwrite";
  return mode === "overwrite" ? "preserve" : mode;
}

/** Whether a brush at this point touches the given object, looked up on rings of samples. */
function touches(context: ToolContext, at: ImagePoint, id: number): boolean {
  if (context.layer.labelAt(at) === id) return true;
  for (const part of [0.5, 0.95]) {
    for (let step = 0; step < RING_SAMPLES; step++) {
      const angle = (step / RING_SAMPLES) * 2 * Math.PI;
      const x = at.x + Math.cos(angle) * context.radius * part;
      const y = at.y + Math.sin(angle) * context.radius * part;
      if (context.layer.labelAt({ x, y } as ImagePoint) === id) return true;
    }
  }
  return false;
}

/** Choose which object a stroke extends; 0 stands for a new one. */
export function targetOf(context: ToolContext, at: ImagePoint): number {
  if (context.isNewArmed) return 0;
  const under = context.layer.labelAt(at) ?? 0;
  if (under !== 0) return context.mode === "preserve" ? under : context.selected || under;
  if (context.selected === 0) return 0;
  if (!context.startsNew) return context.selected;
  return touches(context, at, context.selected) ? context.selected : 0;
}

function begin(
  context: ToolContext,
  place: PointerPlace,
  kind: StrokeKind,
  instanceId: number,
  className = "",
): Gesture | undefined {
  let stroke: Stroke;
  const mode = modeOf(context.mode, place.isShift);
  try {
    const { radius } = context;
    stroke = context.layer.beginStroke({ kind, instanceId, radius, mode, className });
  } catch (error) {
    if (!(error instanceof EditRefused)) throw error;
    context.say(error.message, "problem");
    return undefined;
  }
  stroke.move([place.image]);
  return {
    move: (points) => stroke.move(points),
    end: (last) => {
      context.strokeEnded({ at: last.image, instanceId });
      void context
        .attempt(() => stroke.commit())
        .then((report) => {
          if (report === null) context.say(nothingChanged(kind, mode));
        });
    },
    cancel: () => stroke.cancel(),
  };
}

/** What a new object is: a part of another one what that one is, else what is chosen. */
export function newClass(
  context: ToolContext,
  place: Pick<PointerPlace, "image" | "isShift">,
): string {
  const { layer, activeClass } = context;
  if (modeOf(context.mode, place.isShift) !== "inside") return activeClass;
  return layer.instances.classOf(layer.labelAt(place.image) ?? 0) || activeClass;
}

function nothingChanged(kind: StrokeKind, mode: WriteMode): string {
  if (kind !== "brush") return texts.tools.strokes.nothingToErase;
  return mode === "preserve"
    ? texts.tools.strokes.othersProtected
    : texts.tools.strokes.nothingPainted;
}

function erase(context: ToolContext, place: PointerPlace): Gesture | undefined {
  const { layer } = context;
  const under = layer.labelAt(place.image) ?? 0;
  // What is selected may be gone: its stroke was undone.
  const selected = layer.instances.areaOf(context.selected) > 0 ? context.selected : 0;
  if (selected === 0 && under === 0) {
    context.say(texts.tools.strokes.chooseBeforeErasing);
    return undefined;
  }
  const id = selected || under;
  if (selected === 0) context.select(id);
  return begin(context, place, "erase-selected", id);
}

type Start = (context: ToolContext, place: PointerPlace) => Gesture | undefined;

/** With Shift a click draws a line on from where the last stroke ended; a drag is a stroke. */
function lineOrStroke(context: ToolContext, place: PointerPlace, start: Start): Gesture {
  let stroke: Gesture | undefined;
  let isDrag = false;
  const waiting: ImagePoint[] = [];
  return {
    move(points, last) {
      waiting.push(...points);
      if (!isDrag && isFar(place, last)) {
        isDrag = true;
        stroke = start(context, place);
      }
      if (isDrag) stroke?.move(waiting.splice(0), last);
    },
    end(last) {
      if (!isDrag) drawLine(context, place, start);
      else stroke?.end(last);
    },
    cancel: () => stroke?.cancel(),
  };
}

function drawLine(context: ToolContext, to: PointerPlace, start: Start): void {
  const image = context.lastEnd?.at ?? to.image;
  const line = start(context, { ...to, image, isShift: false });
  line?.move([to.image], to);
  line?.end(to);
}

function startOrLine(context: ToolContext, place: PointerPlace, start: Start): Gesture | undefined {
  if (isBlocked(context)) return undefined;
  const isLine = place.isShift && context.lastEnd !== undefined;
  return isLine ? lineOrStroke(context, place, start) : start(context, place);
}

/** A line goes on with the object that the stroke before it was about. */
function strokeTarget(context: ToolContext, at: ImagePoint): number {
  const { lastEnd, selected, isNewArmed } = context;
  const goesOn = at === lastEnd?.at && selected !== 0 && selected === lastEnd.instanceId;
  return goesOn && !isNewArmed ? selected : targetOf(context, at);
}

function paint(context: ToolContext, place: PointerPlace): Gesture | undefined {
  if (place.isEraser || place.isAlt) return erase(context, place);
  let id = strokeTarget(context, place.image);
  const isNew = id === 0;
  try {
    if (isNew) id = context.layer.nextInstanceId();
  } catch (error) {
    if (!(error instanceof EditRefused)) throw error;
    context.say(error.message, "problem");
    return undefined;
  }
  const gesture = begin(context, place, "brush", id, isNew ? newClass(context, place) : "");
  if (!gesture) return undefined;
  context.select(id);
  context.disarmNew();
  return gesture;
}

export const brush: Tool = {
  name: "brush",
  label: texts.tools.brush.label,
  key: "b",
  cursor: "brush",
  tint: "#7ee0ff",
  help: texts.tools.brush.help,
  icon: "M13 3.5 16.5 7 9 14.5 5.5 11zM5.5 11c-2 .5-1.5 3-3.5 4.5 2 1.5 6 1 7-1z",
  down: (context, place) => startOrLine(context, place, paint),
};

export const eraseSelected: Tool = {
  name: "erase-selected",
  label: texts.tools.eraseSelected.label,
  key: "x",
  cursor: "brush",
  tint: "#ffb38a",
  help: texts.tools.eraseSelected.help,
  icon: "M8 16h8M4.5 11.5 11 5l5 5-6 6H7zM7.5 8.5l5 5",
  down: (context, place) => startOrLine(context, place, erase),
};

export const eraseAny: Tool = {
  name: "erase-any",
  label: texts.tools.eraseAny.label,
  key: "c",
  cursor: "brush",
  tint: "#ff8a8a",
  help: texts.tools.eraseAny.help,
  icon: "M4.5 11.5 11 5l5 5-6 6H7zM3 3l3 3M6 3 3 6M8 16h8",
  down: (context, place) =>
    startOrLine(context, place, (given, at) => begin(given, at, "erase-any", 0)),
};
