/** Every tool, in the order of the toolbar. */
import { brush, eraseAny, eraseSelected } from "./brushes";
import { chooseMany } from "./choose_many";
import { fill, merge, remove, select } from "./clicks";
import { region } from "./region";
import type { Tool, ToolName } from "./tool";

export const TOOLS: readonly Tool[] = [
  select,
  chooseMany,
  brush,
  eraseSelected,
  eraseAny,
  fill,
  merge,
  remove,
  region,
];

export function toolNamed(name: ToolName): Tool {
  return TOOLS.find((tool) => tool.name === name) ?? select;
}
