/** Numbers in sentences. */

/** A number as people write it, with thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** One or many, in words. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
