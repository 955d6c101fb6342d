/** Writing intervals of pixels into chunks by a rule; the only code that paints. */

import { CHUNK, type ChunkKey, chunkKey } from "./chunks";

/**
 * only  a pixel of value `target` becomes `value`
 * all   every pixel becomes `value`
 * where a pixel whose value satisfies `allows` becomes `value`
 */
export type PaintRule =
  | { readonly type: "only"; readonly value: number; readonly target: number }
  | { readonly type: "all"; readonly value: number }
  | {
      readonly type: "where";
      readonly value: number;
      readonly allows: (label: number) => boolean;
    };

/** Gives the labels of a chunk to write to; undefined when it must be left alone. */
export type Writable = (
  key: ChunkKey,
  x0: number,
  y: number,
  x1: number,
) => Uint32Array | undefined;

/** Paint pixels [x0, x1) of row y. The caller has clipped them to the image. */
export function paintRow(
  y: number,
  x0: number,
  x1: number,
  rule: PaintRule,
  writable: Writable,
): number {
  const cy = Math.floor(y / CHUNK);
  const row = (y - cy * CHUNK) * CHUNK;
  let changed = 0;
  for (let x = x0; x < x1; ) {
    const cx = Math.floor(x / CHUNK);
    const end = Math.min(x1, (cx + 1) * CHUNK);
    const labels = writable(chunkKey(cy, cx), x, y, end);
    const shift = row - cx * CHUNK;
    if (labels) changed += write(labels, shift + x, shift + end, rule);
    x = end;
  }
  return changed;
}

function write(labels: Uint32Array, from: number, to: number, rule: PaintRule): number {
  switch (rule.type) {
    case "only":
      return writeOnly(labels, from, to, rule.value, rule.target);
    case "all":
      return writeAll(labels, from, to, rule.value);
    case "where":
      return writeWhere(labels, from, to, rule.value, rule.allows);
  }
}

// Three small loops and not one with a callback: they run for every pixel under the brush.
function writeOnly(
  labels: Uint32Array,
  from: number,
  to: number,
  value: number,
  target: number,
): number {
  if (value === target) return 0;
  let changed = 0;
  for (let i = from; i < to; i++) {
    if (labels[i] === target) {
      labels[i] = value;
      changed++;
    }
  }
  return changed;
}

function writeAll(labels: Uint32Array, from: number, to: number, value: number): number {
  let changed = 0;
  for (let i = from; i < to; i++) {
    if (labels[i] !== value) {
      labels[i] = value;
      changed++;
    }
  }
  return changed;
}

function writeWhere(
  labels: Uint32Array,
  from: number,
  to: number,
  value: number,
  allows: (label: number) => boolean,
): number {
  let changed = 0;
  let last = -1; // Neighbours mostly carry the same label: ask once per stretch.
  let allowed = false;
  for (let i = from; i < to; i++) {
    const label = labels[i] as number;
    if (label === value) continue;
    if (label !== last) {
      last = label;
      allowed = allows(label);
    }
    if (!allowed) continue;
    labels[i] = value;
    changed++;
  }
  return changed;
}
