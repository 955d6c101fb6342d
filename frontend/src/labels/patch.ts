/** A box of the label image as one array: for edits that look at the neighbours of pixels. */

import { height, intersect, isEmpty, type Rect, width } from "../geometry/rect";
import { CHUNK, type ChunkKey, type ChunkMap, chunkRect, keysIn } from "./chunks";
import { type Edit, type Runs, RunsBuilder } from "./runs";

export interface Patch {
  readonly box: Rect;
  readonly width: number;
  readonly height: number;
  /** In C order. */
  readonly labels: Uint32Array;
}

/** Copy the labels of a box. @throws Error when a chunk of it is not loaded */
export function readPatch(chunks: ChunkMap, box: Rect): Patch {
  const patch = {
    box,
    width: width(box),
    height: height(box),
    labels: new Uint32Array(width(box) * height(box)),
  };
  for (const { key, from, to, length } of rowsOf(box)) {
    const labels = chunks.get(key);
    if (!labels) throw new Error("A chunk of the box is not loaded.");
    patch.labels.set(labels.subarray(from, from + length), to);
  }
  return patch;
}

/** What turns the labels of a patch into others. */
export function patchEdit({ box, labels }: Patch, after: Uint32Array): Edit {
  const found = new Map<ChunkKey, RunsBuilder>();
  for (const { key, from, to, length } of rowsOf(box)) {
    const runs = found.get(key) ?? new RunsBuilder();
    found.set(key, runs);
    for (let i = 0; i < length; i++) {
      const was = labels[to + i] as number;
      const is = after[to + i] as number;
      if (was !== is) runs.add(from + i, 1, was, is);
    }
  }
  const edit = new Map<ChunkKey, Runs>();
  for (const [key, runs] of found) if (!runs.isEmpty) edit.set(key, runs.build());
  return edit;
}

interface RowPart {
  readonly key: ChunkKey;
  /** Index of its first pixel in the chunk, and in an array of the whole box. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** The rows of a box, chunk by chunk. */
function* rowsOf(box: Rect): Generator<RowPart> {
  for (const key of keysIn(box, Infinity, Infinity)) {
    const place = chunkRect(key);
    const part = intersect(box, place);
    if (isEmpty(part)) continue;
    for (let y = part.y0; y < part.y1; y++) {
      yield {
        key,
        from: (y - place.y0) * CHUNK + (part.x0 - place.x0),
        to: (y - box.y0) * width(box) + (part.x0 - box.x0),
        length: width(part),
      };
    }
  }
}
