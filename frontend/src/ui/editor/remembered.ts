/** What a person chose, kept for the next visit in this browser. */
import type { ReviewOrder } from "../../labels/review_order";
import type { WriteMode } from "../../store/edit_types";
import type { ToolName } from "../../tools/tool";
import type { LabelStyleName } from "../../viewer/colouring";
import type { ColourBy } from "./colour_choice";
import type { PaletteName } from "./palettes";

export interface Remembered {
  tool: ToolName;
  radius: number;
  mode: WriteMode;
  startsNew: boolean;
  wandTolerance: number;
  wandFillsHoles: boolean;
  labelStyle: LabelStyleName;
  colourBy: ColourBy;
  palette: PaletteName;
  reviewOrder: ReviewOrder;
  activeClass: string;
  opacity: number;
  edgeWidth: number;
  draftOpacity: number;
  touchPaints: boolean;
  isPanelOpen: boolean;
}

const DEFAULTS: Remembered = {
  tool: "brush",
  radius: 10,
  mode: "preserve",
  startsNew: true,
  wandTolerance: 24,
  wandFillsHoles: true,
  labelStyle: "both",
  colourBy: "class",
  palette: "hues",
  reviewOrder: "doubt",
  activeClass: "",
  opacity: 0.8,
  edgeWidth: 1,
  draftOpacity: 0.8,
  touchPaints: true,
  isPanelOpen: true,
};
const MEMORY_KEY = "cytoloop.editor";

/** What the last visit left; as it comes for whoever is new. */
export function recall(): Remembered {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(MEMORY_KEY) ?? "{}") };
  } catch {
    // Storage may be blocked or hold something foreign: the defaults do.
    return DEFAULTS;
  }
}

export function keep(remembered: Remembered): void {
  try {
    localStorage.setItem(MEMORY_KEY, JSON.stringify(remembered));
  } catch {
    // Without storage the choices last as long as the page.
  }
}
