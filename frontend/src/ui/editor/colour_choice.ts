/** What the colour of an object tells: which object it is, its class, or its state. */
import type { ClassJson } from "../../api/types";
import type { InstanceIndex, InstanceState } from "../../store/types";
import type { Colouring } from "../../viewer/colouring";
import { type Hues, labelColours, listedColours } from "../../viewer/colours";
import { FOREIGN_COLOUR, UNKNOWN_COLOUR } from "./class_words";

export type ColourBy = "instance" | "class" | "state";

/** Amber belongs to drafts alone; violet drowns in haematoxylin, deep blue in black. */
const ANNOTATION_HUES: readonly Hues[] = [
  [90, 212],
  [318, 372],
];
const FILL_ALPHA = { both: 96, filled: 170, draft: 120 };
const AMBER = "#e8a33d";
const EDGE_ALPHA = 255;

const byInstance = (fillAlpha: number, hues: readonly Hues[]) =>
  labelColours({ fillAlpha, edgeAlpha: EDGE_ALPHA, hues });
const ANNOTATION_COLOURS = byInstance(FILL_ALPHA.both, ANNOTATION_HUES);
const FILLED_COLOURS = byInstance(FILL_ALPHA.filled, ANNOTATION_HUES);
const DRAFT_COLOURS = byInstance(FILL_ALPHA.draft, [[30, 62]]);

export const STATE_COLOURS: Readonly<Record<InstanceState, string>> = {
  accepted: "#009e73",
  edited: "#56b4e9",
  proposed: AMBER,
  rejected: "#d55e00",
};
const STATES = Object.keys(STATE_COLOURS) as InstanceState[];

/** Without classes there is nothing to tell by them. */
export function effectiveChoice(by: ColourBy, classes: readonly ClassJson[]): ColourBy {
  return by === "class" && classes.length === 0 ? "instance" : by;
}

/** The colours of a layer, and which of them an instance has: one look-up each. */
export function coloursBy(
  by: ColourBy,
  style: Colouring["style"],
  instances: InstanceIndex,
  classes: readonly ClassJson[],
  isDraft: boolean,
): Pick<Colouring, "colours" | "indexOf"> {
  const alpha = isDraft
    ? FILL_ALPHA.draft
    : style === "filled"
      ? FILL_ALPHA.filled
      : FILL_ALPHA.both;
  const choice = effectiveChoice(by, classes);
  if (choice === "class") {
    // A draft that tells no kinds apart stays what drafts are.
    const unknown = isDraft ? AMBER : UNKNOWN_COLOUR;
    const listed = [unknown, FOREIGN_COLOUR, ...classes.map((one) => one.colour)];
    const places = new Map([
      ["", 0],
      ...classes.map((one, i): [string, number] => [one.name, i + 2]),
    ]);
    return {
      colours: listedColours(listed, alpha, EDGE_ALPHA),
      indexOf: (id) => places.get(instances.classOf(id)) ?? 1,
    };
  }
  if (choice === "state" && !isDraft) {
    return {
      colours: listedColours(Object.values(STATE_COLOURS), alpha, EDGE_ALPHA),
      indexOf: (id) => Math.max(0, STATES.indexOf(instances.stateOf(id) ?? "accepted")),
    };
  }
  if (isDraft) return { colours: DRAFT_COLOURS };
  return { colours: style === "filled" ? FILLED_COLOURS : ANNOTATION_COLOURS };
}
