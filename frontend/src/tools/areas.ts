/** Writing an area that was found by the rules of the brush: as a new object, or as part of one. */
import { type Area, spansOf } from "../labels/similar";
import type { FoundArea, OpReport, StrokeOptions } from "../store/edit_types";
import * as texts from "../texts";
import type { PointerPlace } from "../viewer/gesture";
import { modeOf, newClass, targetOf } from "./brushes";
import type { ToolContext } from "./tool";

/** What an area becomes part of. */
export interface AreaTarget {
  /** 0 for a new object. */
  readonly id: number;
  readonly isErasing: boolean;
}

/** Choose the object as the brush does; undefined when there is nothing to take away from. */
export function areaTarget(context: ToolContext, place: PointerPlace): AreaTarget | undefined {
  if (!place.isAlt && !place.isEraser) {
    // No brush reaches beyond the point: what lies beside the selected object is another one.
    return { id: targetOf({ ...context, radius: 0 }, place.image), isErasing: false };
  }
  const id = context.selected || (context.layer.labelAt(place.image) ?? 0);
  if (id !== 0) return { id, isErasing: true };
  context.say(texts.tools.areas.chooseFirst);
  return undefined;
}

/** Write the area as one op and select what it belongs to; tells when nothing changed. */
export async function writeArea(
  context: ToolContext,
  place: PointerPlace,
  target: AreaTarget,
  area: Area,
  what: Pick<FoundArea, "kind" | "meta">,
): Promise<OpReport | null> {
  const { layer } = context;
  const isNew = target.id === 0;
  const instanceId = isNew ? layer.nextInstanceId() : target.id;
  const options: StrokeOptions = {
    kind: target.isErasing ? "erase-selected" : "brush",
    instanceId,
    radius: 0,
    mode: modeOf(context.mode, place.isShift),
    className: isNew ? newClass(context, place) : "",
  };
  const found = { ...what, spans: spansOf(area), start: place.image };
  const report = await layer.fillArea(found, options);
  if (report) {
    context.select(instanceId);
    context.disarmNew();
  } else if (target.isErasing) context.say(texts.tools.areas.nothingToTake);
  else context.say(texts.tools.areas.othersProtected);
  return report;
}
