/** Every tool, in the order of the toolbar. */
import { brush, eraseAny, eraseSelected } from "./brushes";
import { fill, merge, remove, select } from "./clicks";
import { prompt } from "./prompt";
import { region } from "./region";
import type { Tool, ToolName } from "./tool";
import { wand } from "./wand";

export const TOOLS: readonly Tool[] = [
  select,
  brush,
  eraseSelected,
  eraseAny,
  fill,
  merge,
  remove,
  wand,
  prompt,
  region,
];

export function toolNamed(name: ToolName): Tool {
  return TOOLS.find((tool) => tool.name === name) ?? select;
}
