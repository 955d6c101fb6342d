/** The tool that draws the box of a region. */
import { imagePoint } from "../geometry/points";
import { height, intersect, type Rect, rect, width } from "../geometry/rect";
import * as texts from "../texts";
import type { Tool } from "./tool";

/** Smaller boxes are slips of the hand. */
const SMALLEST_SIDE_PX = 8;

/** The whole pixels between two corners, cut to the image. */
export function boxBetween(
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
  whole: Rect,
): Rect {
  const box = rect(
    Math.floor(Math.min(a.x, b.x)),
    Math.floor(Math.min(a.y, b.y)),
    Math.ceil(Math.max(a.x, b.x)),
    Math.ceil(Math.max(a.y, b.y)),
  );
  return intersect(box, whole);
}

export const region: Tool = {
  name: "region",
  label: texts.tools.region.label,
  key: "g",
  cursor: "crosshair",
  help: texts.tools.region.help,
  icon: "M3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3M6.5 6.5h7v7h-7z",
  down(context, place) {
    const { width: w, height: h } = context.layer.info;
    const whole = rect(0, 0, w, h);
    let corner = place.image;
    const box = () => boxBetween(place.image, corner, whole);
    return {
      move(points) {
        corner = points.at(-1) ?? imagePoint(corner.x, corner.y);
        context.showBand(box());
      },
      end() {
        const drawn = box();
        if (width(drawn) < SMALLEST_SIDE_PX || height(drawn) < SMALLEST_SIDE_PX) {
          context.showBand(undefined);
          context.say(texts.tools.region.dragCorners);
          return;
        }
        context.regionDrawn(drawn);
      },
      cancel: () => context.showBand(undefined),
    };
  },
};
