/** What people read about keys. */

/** The keys that there are, as alternatives. */
export const oneOf = (keys: readonly string[]): string => keys.filter(Boolean).join(" or ");

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
