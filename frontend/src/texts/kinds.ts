/** Kinds of edits as people call them. */
const KINDS: Readonly<Record<string, string>> = {
  brush: "brush stroke",
  "erase-selected": "erasing",
  "erase-any": "erasing",
  "erase-piece": "erasing a piece",
  lasso: "lasso",
  split: "splitting",
  "fill-holes": "filling holes",
  smooth: "smoothing",
  "keep-largest": "keeping the largest part",
  grow: "growing",
  shrink: "shrinking",
  accept: "accepting",
  edit: "taking over a draft",
  merge: "merging",
  copy: "copying",
  delete: "deleting",
  fill: "filling",
  wand: "magic wand",
  prompt: "object found by a click",
  class: "change of class",
  reclaim: "using your version",
  restore: "restoring",
  import: "import",
  undo: "undo",
  redo: "redo",
  rejected: "rejecting",
  proposed: "reopening",
  accepted: "accepting",
};

export function kindWord(kind: string): string {
  return KINDS[kind] ?? kind;
}
