/** Commands on the shape of the selected object: feeds keys, help sheet and the object panel. */
import type { ShapeReport, Shaping } from "../store/shape_types";
import * as texts from "../texts";
import { isBlocked, type ToolContext } from "./tool";

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
    label: texts.tools.shapes.fillHoles.label,
    short: texts.tools.shapes.fillHoles.short,
    key: "shift+h",
    said: (id, { nWon }) => texts.tools.shapes.fillHoles.done(id, nWon),
    saidNothing: (id) => texts.tools.shapes.fillHoles.nothing(id),
  },
  {
    how: "smooth",
    label: texts.tools.shapes.smooth.label,
    short: texts.tools.shapes.smooth.short,
    key: "shift+s",
    said: (id, { nWon, nLost }) => texts.tools.shapes.smooth.done(id, nWon, nLost),
    saidNothing: (id) => texts.tools.shapes.smooth.nothing(id),
  },
  {
    how: "keep-largest",
    label: texts.tools.shapes.keepLargest.label,
    short: texts.tools.shapes.keepLargest.short,
    key: "shift+l",
    said: (id, { nLost }) => texts.tools.shapes.keepLargest.done(id, nLost),
    saidNothing: (id) => texts.tools.shapes.keepLargest.nothing(id),
  },
  {
    how: "grow",
    label: texts.tools.shapes.grow.label,
    short: texts.tools.shapes.grow.short,
    key: "shift+arrowup",
    onlyOnStage: true,
    said: (id, { nWon }) => texts.tools.shapes.grow.done(id, nWon),
    saidNothing: (id) => texts.tools.shapes.grow.nothing(id),
  },
  {
    how: "shrink",
    label: texts.tools.shapes.shrink.label,
    short: texts.tools.shapes.shrink.short,
    key: "shift+arrowdown",
    onlyOnStage: true,
    said: (id, { nLost, nPieces }) => texts.tools.shapes.shrink.done(id, nLost, nPieces),
    saidNothing: (id) => texts.tools.shapes.shrink.nothing(id),
  },
];

/** Change the selected object and say what was done. */
export async function reshapeSelected(context: ToolContext, command: ShapeCommand): Promise<void> {
  const id = context.selected;
  if (isBlocked(context)) return;
  if (id === 0) {
    context.say(texts.tools.shapes.selectFirst);
    return;
  }
  await context.attempt(async () => {
    const report = await context.layer.shaping.reshape(id, command.how);
    context.say(report ? command.said(id, report) : command.saidNothing(id));
    return report;
  });
}
