import fc from "fast-check";
import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK_PIXELS, ChunkMap, chunkKey } from "../../src/labels/chunks";
import { patchEdit, readPatch } from "../../src/labels/patch";
import { applyEdit, pixelsIn } from "../../src/labels/runs";

const near = fc.integer({ min: 500, max: 525 });
const pixels = fc.array(fc.tuple(near, near, fc.integer({ min: 0, max: 3 })), { maxLength: 40 });

function fourChunks(): ChunkMap {
  const chunks = new ChunkMap();
  for (const [cy, cx] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    chunks.set(chunkKey(cy, cx), new Uint32Array(CHUNK_PIXELS));
  }
  return chunks;
}

test("a patch over the corner of four chunks is read and written pixel by pixel", () => {
  fc.assert(
    fc.property(pixels, pixels, (before, after) => {
      const chunks = fourChunks();
      for (const [x, y, label] of before) {
        const key = chunkKey(y >> 9, x >> 9);
        (chunks.writable(key) as Uint32Array)[(y & 511) * 512 + (x & 511)] = label;
      }
      const box = rect(498, 497, 527, 530);
      const patch = readPatch(chunks, box);
      const wanted = patch.labels.slice();
      for (const [x, y, label] of after) wanted[(y - 497) * patch.width + (x - 498)] = label;
      const edit = patchEdit(patch, wanted);
      const nChanged = wanted.filter((label, i) => label !== patch.labels[i]).length;
      expect(pixelsIn(edit)).toBe(nChanged);
      expect(applyEdit(chunks, edit)).toEqual(edit);
      expect([...readPatch(chunks, box).labels]).toEqual([...wanted]);
      for (const [x, y] of before) {
        expect(patch.labels[(y - 497) * patch.width + (x - 498)]).toBeDefined();
      }
    }),
  );
});

test("a patch of a chunk that is not loaded cannot be read", () => {
  expect(() => readPatch(new ChunkMap(), rect(0, 0, 4, 4))).toThrow(/not loaded/);
});
