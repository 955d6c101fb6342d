/** Lines that are dragged over objects: which they cross, and how they look meanwhile. */
import { type ImagePoint, imagePoint } from "../geometry/points";
import type { LabelReader } from "../store/types";
import type { Gesture, PointerPlace } from "../viewer/gesture";
import type { Sketch } from "../viewer/sketch";
import { isFar, type ToolContext } from "./tool";

/** The objects under a path in the order it meets them, with how many steps of a pixel lie on each. */
export function crossedBy(
  layer: Pick<LabelReader, "labelAt">,
  path: readonly ImagePoint[],
): Map<number, number> {
  const found = new Map<number, number>();
  path.forEach((to, at) => {
    const from = path[Math.max(0, at - 1)] as ImagePoint;
    const n = Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)));
    for (let step = 1; step <= Math.max(1, n); step++) {
      const part = n === 0 ? 1 : step / n;
      const x = from.x + (to.x - from.x) * part;
      const y = from.y + (to.y - from.y) * part;
      const id = layer.labelAt(imagePoint(x, y)) ?? 0;
      if (id !== 0) found.set(id, (found.get(id) ?? 0) + 1);
    }
  });
  return found;
}

export function lineSketch(
  points: readonly ImagePoint[],
  { isShift, isAlt }: PointerPlace,
): Sketch {
  return { shape: "line", points, held: { isShift, isAlt }, isOpen: false };
}

/** A gesture that draws a line when it is dragged, and clicks otherwise. */
export function lineOrClick(
  context: ToolContext,
  place: PointerPlace,
  acts: { line(path: readonly ImagePoint[]): void; click(): void },
): Gesture {
  const path = [place.image];
  const before = context.sketch;
  let isDrag = false;
  return {
    move(points, last) {
      path.push(...points);
      isDrag ||= isFar(place, last);
      if (isDrag) context.showSketch(lineSketch(path, place));
    },
    end() {
      if (!isDrag) {
        acts.click();
        return;
      }
      context.showSketch(undefined);
      acts.line(path);
    },
    cancel: () => context.showSketch(before),
  };
}
