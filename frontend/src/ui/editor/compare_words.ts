/** What a comparison says: its layers, its kinds of differences with colour and sign, its groups. */
import type { LayerJson } from "../../api/types";
import {
  DIFFERENCE_KINDS,
  type DifferenceGroup,
  type DifferenceKind,
  type Differences,
  type Side,
} from "../../labels/differences";
import type { Colouring, Dash } from "../../viewer/colouring";
import { listedColours } from "../../viewer/colours";
import { count, plural } from "./parts";

interface KindWords {
  readonly label: string;
  /** Stands in the middle of a group and before its name: colour is never the only mark. */
  readonly sign: string;
  readonly colour: string;
  readonly help: string;
  /** How the outline of A is dashed; that of B is solid. */
  readonly dash: Dash;
}

/** Colours of Okabe and Ito (2008), told apart with any kind of colour vision. */
export const KIND_WORDS: Readonly<Record<DifferenceKind, KindWords>> = {
  split: {
    ...{ label: "Split", sign: "S", colour: "#56b4e9", dash: 3 },
    help: "One object of A is several in B",
  },
  merged: {
    ...{ label: "Merged", sign: "M", colour: "#cc79a7", dash: 1 },
    help: "Several objects of A are one in B",
  },
  vanished: {
    ...{ label: "Vanished", sign: "−", colour: "#d55e00", dash: 2 },
    help: "Only in A",
  },
  appeared: {
    ...{ label: "Appeared", sign: "+", colour: "#009e73", dash: 2 },
    help: "Only in B",
  },
  moved: {
    ...{ label: "Moved or reshaped", sign: "~", colour: "#f0e442", dash: 2 },
    help: "The same object, but less than nine tenths of both is shared (0.5 < IoU < 0.9)",
  },
  same: {
    ...{ label: "Same", sign: "=", colour: "#b9c0c9", dash: 2 },
    help: "In A and in B alike (IoU of at least 0.9)",
  },
};

export const CHANGES: readonly DifferenceKind[] = DIFFERENCE_KINDS.filter((one) => one !== "same");

export const NO_PAIR =
  "There is nothing to compare yet: it takes a draft, or a second person's annotation layer.";
export const PAINTING_IS_OFF =
  "Painting and deciding are off while two layers are compared: press {key:compare} to go back.";
export const HIDDEN =
  "Drafts are hidden while an open blind validation region is in view, and so is what they differ in.";

const EDGE_ALPHA = 255;
const FILL_ALPHA = 90;
const COLOURS = DIFFERENCE_KINDS.map((kind) => KIND_WORDS[kind].colour);

export interface SideLook {
  readonly isDrawn: (kind: DifferenceKind) => boolean;
  readonly edgeWidth: number;
  /** Each side is alone, beside the other: both are filled and solid. */
  readonly isApart: boolean;
}

/** How the objects of one side are drawn. */
export function sideColouring(side: Side, found: Differences, look: SideLook): Colouring {
  const { isDrawn, edgeWidth, isApart } = look;
  const isLine = side === "a" && !isApart;
  const colours = listedColours(COLOURS, FILL_ALPHA, EDGE_ALPHA);
  // Where both sides have something, B fills and A is a line over it.
  DIFFERENCE_KINDS.forEach((kind, place) => {
    if (kind === "same" || (isLine && kind !== "vanished")) colours.fill[place] = 0;
  });
  const kindOf = (id: number) => found.kindOf(side, id);
  return {
    style: "both",
    colours,
    edgeWidth,
    isDraft: false,
    indexOf: (id) => Math.max(0, DIFFERENCE_KINDS.indexOf(kindOf(id) ?? "same")),
    dashOf: (id) => (isLine ? KIND_WORDS[kindOf(id) ?? "same"].dash : 0),
    isHidden: (id) => {
      const kind = kindOf(id);
      return kind === undefined || !isDrawn(kind);
    },
  };
}

/** What happened to a group, in few words. */
export function groupText(group: DifferenceGroup): string {
  switch (group.kind) {
    case "split":
    case "merged":
      return `${group.a.length} → ${plural(group.b.length, "object")}`;
    case "vanished":
    case "appeared":
      return `${count(group.changedPx)} px`;
    default:
      return `IoU ${group.iou.toFixed(2)}, ${count(group.changedPx)} px differ`;
  }
}

/** The ids of a group as their layers have them. */
export function groupIds({ a, b }: DifferenceGroup): string {
  const side = (name: string, ids: readonly number[]) =>
    ids.length > 0 ? [`${name} ${ids.slice(0, 4).join(", ")}${ids.length > 4 ? " …" : ""}`] : [];
  return [...side("A", a), ...side("B", b)].join(" · ");
}

export function layerText(row: LayerJson): string {
  const what = row.kind === "prediction" ? "draft" : "people";
  return `${row.name} (${what}, ${count(row.n_instances ?? 0)})`;
}

/**
 * The pair that one most likely wants: what became of the draft on screen, else the older of two
 * versions against the newer one, else two people.
 *
 * @param rows annotation layers, then drafts, newest first
 */
export function likelyPair(
  rows: readonly LayerJson[],
  ownId: string,
  draftId: string | undefined,
): readonly [string, string] | undefined {
  const drafts = rows.filter((row) => row.kind === "prediction");
  const people = rows.filter((row) => row.kind === "annotation");
  const own = people.find((row) => row.id === ownId);
  const shown = drafts.find((row) => row.id === draftId);
  const [newest, older] = shown ? [shown, drafts.find((row) => row !== shown)] : drafts;
  const other = people.find((row) => row.id !== ownId);
  if (newest && own && (own.n_instances ?? 0) > 0) return [newest.id, own.id];
  if (newest && older) {
    const pair = [older, newest].sort((p, q) => p.created_at.localeCompare(q.created_at));
    return [(pair[0] as LayerJson).id, (pair[1] as LayerJson).id];
  }
  if (own && other) return [own.id, other.id];
  return newest && own ? [newest.id, own.id] : undefined;
}
