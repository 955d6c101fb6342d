/** What the colour of an object tells: which object it is, its class, state, score or author. */
import type { ClassJson } from "../../api/types";
import type { InstanceState } from "../../labels/instance_rows";
import type { InstanceIndex } from "../../store/types";
import type { Colouring } from "../../viewer/colouring";
import {
  type Hues,
  hashId,
  type LabelColours,
  labelColours,
  listedColours,
} from "../../viewer/colours";
import type { Authors } from "./author_words";
import { FOREIGN_COLOUR, UNKNOWN_COLOUR } from "./class_words";
import { OKABE_ITO, type PaletteName, SCORE_COLOURS, scoreStep } from "./palettes";

export type ColourBy = "instance" | "class" | "state" | "score" | "author";

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

export interface ColourOptions {
  readonly by: ColourBy;
  readonly style: Colouring["style"];
  readonly classes: readonly ClassJson[];
  readonly palette: PaletteName;
  readonly authors: Authors;
  readonly isDraft: boolean;
}

type Colours = Pick<Colouring, "colours" | "indexOf">;

/** Of objects that are newer than what the server said of authors. */
export const NEW_COLOUR = UNKNOWN_COLOUR;

/** The colours of a layer, and which of them an instance has: one look-up each. */
export function coloursBy(instances: InstanceIndex, options: ColourOptions): Colours {
  const { style, isDraft } = options;
  const alpha = isDraft
    ? FILL_ALPHA.draft
    : style === "filled"
      ? FILL_ALPHA.filled
      : FILL_ALPHA.both;
  const listed = (colours: readonly string[]) => listedColours(colours, alpha, EDGE_ALPHA);
  switch (effectiveChoice(options.by, options.classes)) {
    case "class":
      return byClass(instances, options, listed);
    case "score":
      return {
        colours: listed(SCORE_COLOURS),
        indexOf: (id) => scoreStep(instances.scoreOf(id)),
      };
    case "state":
      if (isDraft) break;
      return {
        colours: listed(Object.values(STATE_COLOURS)),
        indexOf: (id) => Math.max(0, STATES.indexOf(instances.stateOf(id) ?? "accepted")),
      };
    case "author":
      if (isDraft) break;
      return {
        colours: listed([
          NEW_COLOUR,
          ...options.authors.people.map((_, place) => authorColour(place)),
        ]),
        indexOf: (id) => (options.authors.placeOf(id) ?? -1) + 1,
      };
    default:
  }
  if (isDraft) return { colours: DRAFT_COLOURS };
  if (options.palette === "okabe-ito") {
    return { colours: listed(OKABE_ITO), indexOf: (id) => hashId(id) % OKABE_ITO.length };
  }
  return { colours: style === "filled" ? FILLED_COLOURS : ANNOTATION_COLOURS };
}

/** People beyond the palette begin it again: the legend names them. */
export function authorColour(place: number): string {
  return OKABE_ITO[place % OKABE_ITO.length] as string;
}

function byClass(
  instances: InstanceIndex,
  { classes, isDraft }: ColourOptions,
  listed: (colours: readonly string[]) => LabelColours,
): Colours {
  // A draft that tells no kinds apart stays what drafts are.
  const unknown = isDraft ? AMBER : UNKNOWN_COLOUR;
  const places = new Map([
    ["", 0],
    ...classes.map((one, i): [string, number] => [one.name, i + 2]),
  ]);
  return {
    colours: listed([unknown, FOREIGN_COLOUR, ...classes.map((one) => one.colour)]),
    indexOf: (id) => places.get(instances.classOf(id)) ?? 1,
  };
}
