/** What people read about keys. */

/** What is printed on keys that are no sign. */
export const words = {
  control: "Ctrl",
  backspace: "Backspace",
  delete: "Delete",
  end: "End",
  enter: "Enter",
  escape: "Esc",
  home: "Home",
  insert: "Insert",
  pageDown: "Page down",
  pageUp: "Page up",
  space: "Space",
  tab: "Tab",
} as const;

/** The keys that there are, as alternatives. */
export const oneOf = (keys: readonly string[]): string => keys.filter(Boolean).join(" or ");

/** In the place of the key of something that has none. */
export const keyless = (name: string): string => `the key of “${name}” (it has none)`;

/** A name with its key behind. */
export const withKey = (name: string, key: string): string => (key ? `${name} (${key})` : name);

export const brushSizeTitle = (smaller: string, larger: string): string =>
  smaller && larger
    ? `Brush diameter: ${smaller} and ${larger}, or Ctrl + wheel`
    : "Brush diameter: Ctrl + wheel";

export const axisTitle = (label: string, keys: readonly string[], isTime: boolean): string => {
  const wheel = `Alt + wheel${isTime ? " with Shift" : ""}`;
  const told = keys.filter(Boolean).join(" and ");
  return `${label}: ${told ? `${told}, or ${wheel}` : wheel}`;
};

/** Several names in one sentence. */
const and = (names: readonly string[]): string =>
  names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

const be = (names: readonly string[]): string => (names.length === 1 ? "is" : "are");
const have = (names: readonly string[]): string => (names.length === 1 ? "has" : "have");

/** The sheet of all tools and keys. */
export const sheet = {
  find: "Find a tool or a key",
  nothingFound:
    "No tool and no key is called that. Look for another word, or for a key as it is printed.",
  found: (n: number): string => (n === 1 ? "1 found" : `${n} found`),
  tools: "Tools",
  change: "Change",
  changeLabel: (name: string, key: string): string =>
    key ? `Change the key of ${name}, now ${key}` : `Change the key of ${name}, now none`,
  reset: "Reset",
  resetLabel: (name: string, key: string): string =>
    key ? `Reset the key of ${name} to ${key}` : `Reset ${name} to no key`,
  resetAll: "Reset all keys",
  takeBack: "Take back",
  noKey: "no key",
  isFixed: "always",
  was: (key: string): string => (key ? `yours; usually ${key}` : "yours; usually no key"),
  yours: "Your keys are kept for you, in all projects and on every computer.",
  hiddenClass: (name: string): string => `this key is ${name} for you`,
} as const;

/** The dialog that a key is changed in. */
export const dialog = {
  title: (name: string): string => `Key of ${name}`,
  field: "Press the new key",
  hint: "Esc leaves everything as it is. Tab leads to the buttons.",
  noKey: "No key",
  cancel: "Cancel",
  reset: (key: string): string => `Back to ${key || "no key"}`,
  give: (key: string, name: string): string => `Give ${key} to ${name}`,
  swap: (others: readonly string[], key: string): string =>
    `Swap: ${and(others)} ${others.length === 1 ? "gets" : "get"} ${key}`,
} as const;

/** A tool or command that there is only in some images. */
export const elsewhere = (name: string, isOfStacks: boolean): string =>
  `${name} (in ${isOfStacks ? "stacks" : "single pictures"})`;

export const isAlready = (key: string, name: string): string =>
  `${key} is the key of ${name} already.`;

export const belongsTo = (
  key: string,
  others: readonly string[],
  losers: readonly string[],
  name: string,
): string => {
  const then = losers.length > 0 ? ` ${and(losers)} then ${have(losers)} no key.` : "";
  return `${key} ${be([key])} ${and(others)}: give it to ${name} instead?${then}`;
};

export const cannotLose = (key: string, other: string): string =>
  `${key} is ${other}, which needs a key: give that another one first.`;

export const isClassKey = (key: string, className: string, name: string): string =>
  `${key} chooses the class ${className} in this project: give it to ${name} instead? You then choose the class in the panel; others keep the key.`;

export const needsKey = (name: string): string =>
  `${name} needs a key, since Tab may step through drafts: nobody could leave the image by keyboard.`;

/** Why a key cannot be given to anything. */
export const refused = {
  browser: (key: string): string =>
    `${key} belongs to the browser, which may not even pass it on: press another key.`,
  escape: "Esc always cancels and leads out: press another key.",
  tab: "Tab leads through the page, and through drafts while the image has the focus: press another key.",
  alt: "Keys with Alt belong to the browser's menus and to gestures: press another key.",
  unknown: "The browser does not tell which key that is: press another one.",
} as const;

/** What was done. */
export const told = {
  given: (name: string, key: string): string => `${name}: ${key}.`,
  swapped: (name: string, key: string, others: readonly string[], old: string): string =>
    `${name}: ${key}. ${and(others)}: ${old}.`,
  lost: (losers: readonly string[]): string =>
    losers.length > 0 ? ` ${and(losers)} ${have(losers)} no key now.` : "",
  cleared: (name: string): string => `${name} has no key now.`,
  allReset: "All keys are as they come.",
  takenBack: "The last change is taken back.",
  notRead:
    "Your keys could not be read from the server; those of the editor hold. Open this sheet again to try once more.",
  notSaved:
    "This could not be saved on the server. It holds on this page, and is saved with the next change or when you open this sheet again.",
  hidesClasses: (
    pairs: readonly (readonly [key: string, className: string, name: string])[],
  ): string =>
    `${pairs
      .map(
        ([key, className, name]) =>
          `${key} is ${name} for you, so it does not choose the class ${className} here.`,
      )
      .join(" ")} Choose it in the panel, or change your key.`,
  openSheet: "Change keys",
} as const;
