/** The regions of the plane in view, as they are drawn. */
import { intersect, isEmpty, type Rect } from "../../geometry/rect";
import { meets } from "../../labels/spans";
import * as texts from "../../texts";
import type { EditorModel, RegionInfo } from "./model";
import { spanText } from "./planes";
import { coverageLabel } from "./region_words";

const COLOURS = { complete: "#7ddb9a", positives_only: "#8fb8ff", ignore: "#b6bdc7" };

export function regionBoxes({ regions, chosenRegion, drawnBox, plane }: EditorModel) {
  const here = { ...plane.value, depth: 1 };
  const shown = regions.value.filter((region) => meets(region, here));
  const boxes = shown.map((region) => ({
    id: region.id,
    box: region.box,
    colour: COLOURS[region.coverage],
    label: regionLabel(region),
    isOpen: region.state === "open",
    isChosen: region.id === chosenRegion.value,
  }));
  const drawn = drawnBox.value;
  if (drawn) {
    boxes.push({
      id: "",
      box: drawn,
      colour: "#56c1cd",
      label: texts.regions.newRegion,
      isOpen: true,
      isChosen: true,
    });
  }
  return boxes;
}

/** Whether an open blind region is in view: no draft may be seen in it. */
export function showsBlindRegion({ regions, plane }: EditorModel, visible: Rect): boolean {
  const here = { ...plane.peek(), depth: 1 };
  return regions
    .peek()
    .some(
      (region) =>
        region.purpose === "blind_validation" &&
        region.state === "open" &&
        meets(region, here) &&
        !isEmpty(intersect(region.box, visible)),
    );
}

function regionLabel(region: RegionInfo): string {
  const blind = region.purpose === "blind_validation" ? texts.regions.boxIsBlind : "";
  const planes = region.depth > 1 ? ` · ${spanText(region)}` : "";
  const done = region.state === "submitted" ? " ✓" : "";
  return `${coverageLabel(region.coverage)}${blind}${planes}${done}`;
}
