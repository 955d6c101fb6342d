/** Comparing large typed arrays: `expect(…).toEqual` takes minutes on a chunk. */

import { expect } from "vitest";

export function firstDifference(a: Uint32Array, b: Uint32Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

export function expectSame(a: Uint32Array | undefined, b: Uint32Array | undefined): void {
  expect(a === undefined).toBe(b === undefined);
  if (a && b) expect(firstDifference(a, b)).toBe(-1);
}
