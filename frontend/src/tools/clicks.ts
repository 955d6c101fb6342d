/** Tools that act on one object or one spot: select, fill, merge, delete. */
import type { ImagePoint } from "../geometry/points";
import * as texts from "../texts";
import type { Gesture, PointerPlace } from "../viewer/gesture";
import { crossedBy, lineOrClick } from "./path";
import { click, isBlocked, isFar, type Tool, type ToolContext } from "./tool";

/** Select what lies under a point: an annotated object first, else one of the draft. */
export function pick(context: ToolContext, at: ImagePoint): void {
  const id = context.layer.labelAt(at) ?? 0;
  if (id !== 0) {
    context.select(id);
    return;
  }
  const proposed = context.draft?.labelAt(at) ?? 0;
  if (proposed !== 0 && context.showsDraft(proposed)) {
    context.selectDraft(proposed);
    return;
  }
  context.select(0);
}

/** A gesture that acts where the pointer was pressed, or moves the image when it is dragged. */
export function clickOrPan(
  place: PointerPlace,
  panBy: (dx: number, dy: number) => void,
  act: () => void,
): Gesture {
  let from = place.screen;
  let isDrag = false;
  return {
    move(_points, last) {
      isDrag ||= isFar(place, last);
      if (!isDrag) return;
      panBy(last.screen.x - from.x, last.screen.y - from.y);
      from = last.screen;
    },
    end() {
      if (!isDrag) act();
    },
    cancel() {},
  };
}

export const select: Tool = {
  name: "select",
  label: texts.tools.select.label,
  key: "v",
  cursor: "pointer",
  help: texts.tools.select.help,
  icon: "M5 3l10 7.5-4.5.8L13 16l-2 1-2.5-4.7L5 15.5z",
  down(context, place) {
    return clickOrPan(place, context.panBy, () => pick(context, place.image));
  },
};

export const fill: Tool = {
  name: "fill",
  label: texts.tools.fill.label,
  key: "f",
  cursor: "crosshair",
  help: texts.tools.fill.help,
  icon: "M4 10l6-6 6 6-6 6zM4 10h12M17 13c1 1.5 1 3 0 3s-1-1.5 0-3z",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    return click(() => {
      void context.attempt(async () => {
        const isNew = context.selected === 0 || context.isNewArmed;
        const id = isNew ? context.layer.nextInstanceId() : context.selected;
        const className = isNew ? context.activeClass : "";
        const report = await context.layer.fill(place.image, id, context.visible, className);
        context.select(id);
        context.disarmNew();
        context.say(texts.tools.fill.done(report.nPixels));
        return report;
      });
    });
  },
};

/** The first click says what stays, each further one what belongs to it. */
function mergeAt(context: ToolContext, at: ImagePoint): void {
  const other = context.layer.labelAt(at) ?? 0;
  if (other === 0) {
    context.say(texts.tools.merge.nothingThere);
  } else if (context.selected === 0) {
    context.select(other);
    context.say(texts.tools.merge.clickNext(other));
  } else if (other !== context.selected) {
    const keep = context.selected;
    void context.attempt(async () => {
      await context.layer.merge(keep, other);
      context.select(keep);
      context.say(texts.tools.merge.done(other, keep));
    });
  }
}

/** All objects that a path crosses become part of the first one. */
function mergeAlong(context: ToolContext, path: readonly ImagePoint[]): void {
  const [keep, ...others] = crossedBy(context.layer, path).keys();
  if (keep === undefined || others.length === 0) {
    context.say(texts.tools.merge.dragAcross);
    return;
  }
  void context.attempt(async () => {
    await context.layer.shaping.mergeAll(keep, others);
    context.select(keep);
    context.say(texts.tools.merge.doneMany(others, keep));
  });
}

export const merge: Tool = {
  name: "merge",
  label: texts.tools.merge.label,
  key: "m",
  cursor: "crosshair",
  help: texts.tools.merge.help,
  icon: "M7.5 5a5 5 0 1 0 0 10M12.5 5a5 5 0 1 1 0 10M7.5 10h5M10.5 8l2 2-2 2",
  down(context, place) {
    if (isBlocked(context)) return undefined;
    return lineOrClick(context, place, {
      line: (path) => mergeAlong(context, path),
      click: () => mergeAt(context, place.image),
    });
  },
};

export const erasePiece: Tool = {
  name: "erase-piece",
  label: texts.tools.erasePiece.label,
  key: "shift+c",
  cursor: "crosshair",
  help: texts.tools.erasePiece.help,
  icon: "M4.5 11.5 11 5l5 5-6 6H7zM8 16h8M2.5 4.5a2 2 0 1 0 4 0 2 2 0 1 0-4 0z",
  down(context, place) {
    return isBlocked(context) ? undefined : click(() => eraseAt(context, place));
  },
};

function eraseAt(context: ToolContext, place: PointerPlace): void {
  void context.attempt(async () => {
    const report = await context.layer.shaping.erasePiece(place.image);
    const { id, nLost, nPieces } = report;
    const isWhole = nPieces === 0;
    if (isWhole && context.selected === id) context.select(0);
    context.say(
      isWhole
        ? texts.tools.erasePiece.doneWhole(id, nLost)
        : texts.tools.erasePiece.done(id, nLost),
    );
    return report;
  });
}

/** Delete one object and say so. */
export function deleteObject(context: ToolContext, id: number): void {
  // Painting is about one plane, and so is this.
  const isOnePlane = (context.layer.instances.get(id)?.depth ?? 1) > 1;
  void context.attempt(async () => {
    await context.layer.deleteInstance(id);
    if (context.selected === id) context.select(0);
    context.say(texts.tools.remove.done(id, isOnePlane));
  });
}

export const remove: Tool = {
  name: "delete",
  label: texts.tools.remove.label,
  key: "d",
  cursor: "crosshair",
  help: texts.tools.remove.help,
  icon: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5",
  down(context, place) {
    return click(() => {
      const id = context.layer.labelAt(place.image) ?? 0;
      if (id === 0) context.say(texts.tools.remove.nothingThere);
      else deleteObject(context, id);
    });
  },
};
