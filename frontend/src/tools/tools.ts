/** Every tool, in the order of the toolbar. */
import { brush, eraseAny, eraseSelected } from "./brushes";
import { chooseMany } from "./choose_many";
import { erasePiece, fill, merge, remove, select } from "./clicks";
import { lasso } from "./lasso";
import { prompt } from "./prompt";
import { region } from "./region";
import { split } from "./split";
import type { Tool, ToolName } from "./tool";
import { wand } from "./wand";

export const TOOLS: readonly Tool[] = [
  select,
  chooseMany,
  brush,
  lasso,
  eraseSelected,
  eraseAny,
  erasePiece,
  fill,
  merge,
  split,
  remove,
  wand,
  prompt,
  region,
];

export function toolNamed(name: ToolName): Tool {
  return TOOLS.find((tool) => tool.name === name) ?? select;
}
