/** Sets of colours that can be told apart, and scales for numbers; pure. */

export type PaletteName = "hues" | "okabe-ito";

/**
 * Okabe and Ito's colours (2008) for any kind of colour vision, without those that drafts have
 * (orange, yellow) and black, which drowns in fluorescence.
 */
export const OKABE_ITO: readonly string[] = [
  "#56b4e9",
  "#009e73",
  "#cc79a7",
  "#d55e00",
  "#3d8fd1",
  "#b9c0c9",
];

/** Anchors of viridis (van der Walt and Smith 2015), bright to dark: the doubtful stands out. */
const VIRIDIS = ["#fde725", "#a0da39", "#4ac16d", "#1fa187", "#277f8e", "#365c8d", "#46327e"];

export const SCORE_STEPS = 16;
export const NO_SCORE_COLOUR = "#b9c0c9";

/** Colours for scores from 0 to 1, and at the end the one for none. */
export const SCORE_COLOURS: readonly string[] = [
  ...Array.from({ length: SCORE_STEPS }, (_, step) => between(VIRIDIS, step / (SCORE_STEPS - 1))),
  NO_SCORE_COLOUR,
];

/** Place in the score colours. */
export function scoreStep(score: number | null): number {
  if (score === null || Number.isNaN(score)) return SCORE_STEPS;
  return Math.min(SCORE_STEPS - 1, Math.max(0, Math.floor(score * SCORE_STEPS)));
}

/** The colour at a part (0..1) of a scale of anchors, "#rrggbb" each. */
export function between(anchors: readonly string[], part: number): string {
  const at = Math.min(1, Math.max(0, part)) * (anchors.length - 1);
  const low = Math.min(anchors.length - 2, Math.floor(at));
  const [from, to] = [channels(anchors[low] ?? ""), channels(anchors[low + 1] ?? "")];
  const mixed = from.map((value, i) => Math.round(value + (at - low) * ((to[i] ?? 0) - value)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
