/** Random small label images, masks cut out of them, and brute-force views of masks. */

import fc from "fast-check";
import { components, type Mask } from "../../src/labels/components";

export const WIDE = 14;
export const HIGH = 11;
export const OWN = 7;

export interface Scene {
  readonly labels: readonly number[];
  readonly mask: Mask;
  /** 1 where there is background. */
  readonly free: Uint8Array;
}

export function sceneOf(labels: readonly number[], width = WIDE): Scene {
  const mask = {
    width,
    height: labels.length / width,
    on: Uint8Array.from(labels, (label) => (label === OWN ? 1 : 0)),
  };
  return { labels, mask, free: Uint8Array.from(labels, (label) => (label === 0 ? 1 : 0)) };
}

/** Rows of text: "#" the object, "o" another one, anything else background. */
export function drawn(...rows: string[]): Scene {
  const label = (sign: string) => (sign === "#" ? OWN : sign === "o" ? 1 : 0);
  return sceneOf([...rows.join("")].map(label), rows[0]?.length ?? 0);
}

export function text(on: Uint8Array, width: number): string[] {
  const signs = [...on].map((isOn) => (isOn ? "#" : ".")).join("");
  return Array.from({ length: signs.length / width }, (_, row) =>
    signs.slice(row * width, (row + 1) * width),
  );
}

const pixel = fc.constantFrom(OWN, OWN, OWN, 0, 0, 1);

/** Noise, in which at least one pixel is the object's. */
export const scenes: fc.Arbitrary<Scene> = fc
  .array(pixel, { minLength: WIDE * HIGH, maxLength: WIDE * HIGH })
  .filter((labels) => labels.includes(OWN))
  .map((labels) => sceneOf(labels));

const blob = fc.record({
  x: fc.integer({ min: 0, max: WIDE - 1 }),
  y: fc.integer({ min: 0, max: HIGH - 1 }),
  r: fc.integer({ min: 1, max: 4 }),
  label: fc.constantFrom(OWN, OWN, 0, 1),
});

/** Disks over each other, holes and neighbours among them. */
export const blobs: fc.Arbitrary<Scene> = fc
  .array(blob, { minLength: 1, maxLength: 6 })
  .map((disks) => {
    const labels = Array.from({ length: WIDE * HIGH }, () => 0);
    for (const { x, y, r, label } of disks) {
      labels.forEach((_, i) => {
        const [dx, dy] = [(i % WIDE) - x, Math.floor(i / WIDE) - y];
        if (dx * dx + dy * dy <= r * r) labels[i] = label;
      });
    }
    return labels;
  })
  .filter((labels) => labels.includes(OWN))
  .map((labels) => sceneOf(labels));

export function nPieces(mask: Mask, on: Uint8Array = mask.on): number {
  return components({ ...mask, on }).sizes.length - 1;
}

export function count(on: ArrayLike<number>): number {
  return Array.from(on).filter((one) => one > 0).length;
}

/** Whether all pixels of one are pixels of the other. */
export function isWithin(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((isOn, i) => !isOn || other[i] === 1);
}

/** Whether nothing but background was won. */
export function sparesOthers({ labels }: Scene, on: Uint8Array): boolean {
  return on.every((isOn, i) => !isOn || labels[i] === OWN || labels[i] === 0);
}
