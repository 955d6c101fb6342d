/** What classes are called and which keys are theirs; pure. */

import type { ClassJson } from "../../api/types";
import * as texts from "../../texts";

/** Of an object whose class nobody told. */
export const UNKNOWN_COLOUR = "#9aa3ad";
/** Of a class that the project does not have (any more). */
export const FOREIGN_COLOUR = "#f5f5f5";

/** Keys that a class may have: the editor itself uses no other letter or digit less. */
export const CLASS_KEYS = "56789yz";
export const UNKNOWN_KEY = "u";

/**
 * Okabe and Ito's palette without its black, told apart by people of any colour vision; those near
 * the amber of drafts come last.
 */
const PALETTE = ["#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#0072b2", "#f0e442", "#e69f00"];

/** The colour of the palette that the fewest classes have. */
export function nextColour(classes: readonly ClassJson[]): string {
  const used = (colour: string) => classes.filter((one) => one.colour === colour).length;
  return PALETTE.reduce((best, colour) => (used(colour) < used(best) ? colour : best));
}

export function classWord(name: string): string {
  return name === "" ? texts.classes.noClassWord : name;
}

export function colourOf(classes: readonly ClassJson[], name: string): string {
  if (name === "") return UNKNOWN_COLOUR;
  return classes.find((one) => one.name === name)?.colour ?? FOREIGN_COLOUR;
}

/** The name of the class that a key chooses, "" for no class; undefined when it chooses none. */
export function nameByKey(classes: readonly ClassJson[], key: string): string | undefined {
  if (classes.length === 0) return undefined;
  return key === UNKNOWN_KEY ? "" : classes.find((one) => one.key === key)?.name;
}

/** Keys that no other class has, and the own one. */
export function freeKeys(classes: readonly ClassJson[], own = ""): string[] {
  const taken = new Set(classes.map((one) => one.key));
  return [...CLASS_KEYS].filter((key) => key === own || !taken.has(key));
}

/** Names that objects have and the project does not, with their counts. */
export function foreignNames(
  classes: readonly ClassJson[],
  counts: ReadonlyMap<string, number>,
): [name: string, n: number][] {
  const known = new Set(["", ...classes.map((one) => one.name)]);
  return [...counts].filter(([name]) => !known.has(name));
}
