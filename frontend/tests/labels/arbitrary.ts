/** Random edits and strokes for property tests. */

import fc from "fast-check";
import { type ImagePoint, imagePoint } from "../../src/geometry/points";
import { CHUNK_PIXELS, type ChunkKey, chunkKey } from "../../src/labels/chunks";
import { type Edit, type Runs, RunsBuilder } from "../../src/labels/runs";

const label = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 0xffffffff }));
const step = fc.tuple(fc.nat(4000), fc.integer({ min: 1, max: 900 }), label, label);

const runs: fc.Arbitrary<Runs> = fc.array(step, { maxLength: 30 }).map((steps) => {
  const builder = new RunsBuilder();
  let at = 0;
  for (const [skip, length, before, after] of steps) {
    if (before === after || at + skip + length > CHUNK_PIXELS) continue;
    builder.add(at + skip, length, before, after);
    at += skip + length;
  }
  return builder.build();
});

export const edits: fc.Arbitrary<Edit> = fc
  .array(fc.tuple(fc.nat(3), fc.nat(3), runs), { maxLength: 5 })
  .map((parts) => {
    const edit = new Map<ChunkKey, Runs>();
    for (const [cy, cx, one] of parts) if (one.count > 0) edit.set(chunkKey(cy, cx), one);
    return edit;
  });

/** Paths around the corner where four chunks meet. */
export const paths: fc.Arbitrary<ImagePoint[]> = fc.array(
  fc
    .tuple(
      fc.double({ min: 470, max: 555, noNaN: true }),
      fc.double({ min: 470, max: 555, noNaN: true }),
    )
    .map(([x, y]) => imagePoint(x, y)),
  { minLength: 1, maxLength: 6 },
);

/** By label: how many pixels it wins (or loses, negative); 0 is background. */
export function areaDeltas(edit: Edit): Map<number, number> {
  const deltas = new Map<number, number>();
  for (const runs of edit.values()) {
    for (let r = 0; r < runs.count; r++) {
      const n = runs.length[r] as number;
      const [before, after] = [runs.before[r] as number, runs.after[r] as number];
      deltas.set(before, (deltas.get(before) ?? 0) - n);
      deltas.set(after, (deltas.get(after) ?? 0) + n);
    }
  }
  return deltas;
}
