/** Commands on the shape of the selected object: feeds keys, help sheet and the object panel. */
import type { ShapeReport, Shaping } from "../store/shape_types";
import { isBlocked, pixels, type ToolContext } from "./tool";

export interface ShapeCommand {
  readonly how: Shaping;
  /** What the help sheet calls it, and the button's name. */
  readonly label: string;
  /** On the button. */
  readonly short: string;
  readonly key: string;
  /** The key means something else outside of the image. */
  readonly onlyOnStage?: boolean;
  /** Told afterwards. */
  readonly said: (id: number, report: ShapeReport) => string;
  /** Told when nothing was to be done. */
  readonly saidNothing: (id: number) => string;
}

export const SHAPE_COMMANDS: readonly ShapeCommand[] = [
  {
    how: "fill-holes",
    label: "Fill the holes of the selected object",
    short: "Fill holes",
    key: "shift+h",
    said: (id, { nWon }) => `Filled the holes of object ${id}: ${pixels(nWon)}.`,
    saidNothing: (id) => `Object ${id} has no holes.`,
  },
  {
    how: "smooth",
    label: "Smooth the selected object",
    short: "Smooth",
    key: "shift+s",
    said: (id, { nWon, nLost }) =>
      `Smoothed object ${id}: ${pixels(nWon)} added, ${pixels(nLost)} taken away.`,
    saidNothing: (id) => `Object ${id} is smooth already.`,
  },
  {
    how: "keep-largest",
    label: "Keep only the largest part of the selected object",
    short: "Largest part",
    key: "shift+l",
    said: (id, { nLost }) => `Kept the largest part of object ${id}; erased ${pixels(nLost)}.`,
    saidNothing: (id) => `Object ${id} is in one piece.`,
  },
  {
    how: "grow",
    label: "Grow the selected object by 1 px (while the image has the focus)",
    short: "Grow",
    key: "shift+arrowup",
    onlyOnStage: true,
    said: (id, { nWon }) => `Object ${id} grew by ${pixels(nWon)}.`,
    saidNothing: (id) =>
      `Object ${id} cannot grow: other objects, or the edge of the image, are all around it.`,
  },
  {
    how: "shrink",
    label: "Shrink the selected object by 1 px (while the image has the focus)",
    short: "Shrink",
    key: "shift+arrowdown",
    onlyOnStage: true,
    said: (id, { nLost, nPieces }) =>
      `Object ${id} shrank by ${pixels(nLost)}.${
        nPieces > 1 ? ` It is in ${nPieces} pieces now; {key:keep-largest} keeps the largest.` : ""
      }`,
    saidNothing: (id) => `Object ${id} fills the whole image.`,
  },
];

/** Change the selected object and say what was done. */
export async function reshapeSelected(context: ToolContext, command: ShapeCommand): Promise<void> {
  const id = context.selected;
  if (isBlocked(context)) return;
  if (id === 0) {
    context.say("Select an object of the annotation first.");
    return;
  }
  await context.attempt(async () => {
    const report = await context.layer.shaping.reshape(id, command.how);
    context.say(report ? command.said(id, report) : command.saidNothing(id));
  });
}
