/** Classes of objects. */
import { plural } from "./numbers";
import { pieces } from "./pieces";

export const classes = {
  title: "Classes",
  noClass: "No class",
  add: "Add a class",
  whyAdd: "Add classes to tell kinds apart, such as mitosis and interphase.",
  whoAdds: "An owner or reviewer of the project can add classes.",
  foreign: "The project has no such class",
  change: (name: string) => `Change ${name}`,
  newObjectsAre: (name: string) => `New objects: ${name}`,
  noClassWord: "no class",
  newObjectsAreNow: (name: string) => `New objects: ${name}.`,
  changed: (id: number, isDraft: boolean, className: string) =>
    `${isDraft ? "Draft object" : "Object"} ${id}: ${className}. Undo takes it back.`,
  ofOneKind: "All objects are of one kind.",
  whoGets: <T>(newKey: T) =>
    pieces(
      "New objects get the chosen class, and so does the selected object. After ",
      newKey,
      " only the new one.",
    ),
  inUse: (nObjects: number, nDrafted: number) => {
    const drafted = nDrafted > 0 ? [`${plural(nDrafted, "object")} of drafts`] : [];
    const found = nObjects > 0 ? [plural(nObjects, "object"), ...drafted] : drafted;
    if (found.length === 0) return "No object has it.";
    const has = nObjects + nDrafted === 1 ? "has" : "have";
    return `${found.join(" and ")} ${has} it, in all images of the project.`;
  },
  form: {
    name: "Name",
    colour: "Colour",
    key: "Key",
    noKey: "None",
    hint: "What to mark as this (optional)",
    save: "Save",
    add: "Add",
    moveUp: (name: string) => `Move ${name} up`,
    up: "Up",
    moveDown: (name: string) => `Move ${name} down`,
    down: "Down",
    removeOne: (name: string) => `Delete ${name}`,
    removeMenu: "Delete…",
    removeTitle: (name: string) => `Delete ${name}`,
    objectsBecome: "Its objects become",
    removeForGood: (name: string) => `Delete ${name} for good`,
    forGood: "Delete for good",
    keepIt: "Keep it",
  },
  select: {
    title: "Class of the selected object",
    none: "None",
    foreign: (name: string) => `${name} (not in this project)`,
  },
};
