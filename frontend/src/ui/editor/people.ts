/** How people are told apart: a colour by their number, letters of their name, words; pure. */

import type { Person } from "../../store/presence";
import * as texts from "../../texts";
import type { StackSize } from "./planes";
import { isStack, planeText } from "./planes";

/**
 * Okabe and Ito's palette without its black, told apart by people of any colour vision. By number,
 * so that everybody sees a person in the same colour.
 */
const PALETTE = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2"];
/** Of these, white letters can be read better than black ones. */
const DARK = new Set(["#0072b2"]);

export function colourOf(user: number): string {
  return PALETTE[user % PALETTE.length] as string;
}

/** The colour of letters on a person's colour. */
export function inkOn(colour: string): string {
  return DARK.has(colour) ? "#ffffff" : "#10151c";
}

/** Two letters: of the first and the last word of a name, else its first two. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== "");
  const [first = "", last = ""] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  const letters = last
    ? [...first].slice(0, 1).concat([...last].slice(0, 1))
    : [...first].slice(0, 2);
  return letters.join("").toLocaleUpperCase("en") || "?";
}

/** What somebody does, for the list of people. */
export function doingOf(person: Person, size: StackSize): string {
  const doing = person.isPainting ? texts.people.painting : texts.people.looking;
  const object = person.selected > 0 ? texts.people.atObject(person.selected) : "";
  const where = isStack(size) ? `, ${planeText(person.plane, size)}` : "";
  return `${doing}${object}${where}`;
}
