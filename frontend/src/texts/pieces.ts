/** A sentence around what is no text, such as a key or a link; other languages may order it anew. */
export function pieces<T>(...parts: (string | T)[]): readonly (string | T)[] {
  return parts;
}
