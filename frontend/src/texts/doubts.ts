/** Why an object of a draft is doubtful, as people read it; pure. */

/** Say where the place in the order comes from. */
export function doubtText(row: {
  readonly doubt: number | null;
  readonly score: number | null;
}): string {
  const parts: string[] = [];
  if (row.doubt !== null) {
    parts.push(`Changes when the image is turned: ${Math.round(row.doubt * 100)}\u00a0%`);
  }
  if (row.score !== null) parts.push(`score ${row.score.toFixed(2)}`);
  const text = parts.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
