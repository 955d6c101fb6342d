/** Numbers in sentences. */

/** A whole number as people write it, with thousands apart. */
export function count(value: number): string {
  // Not `toLocaleString`, whose first use costs each page some 50 ms.
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** One or many, in words. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
