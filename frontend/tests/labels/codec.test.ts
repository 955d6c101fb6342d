import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHUNK, type ChunkKey, ChunkMap, chunkKey, chunkRect } from "../../src/labels/chunks";
import { CodecError, decodeEdit, encodeEdit, splitEdit } from "../../src/labels/codec";
import { gunzip, gzip } from "../../src/labels/gzip";
import {
  applyEdit,
  boxOfEdit,
  type Edit,
  invertEdit,
  pixelsIn,
  type Runs,
  RunsBuilder,
} from "../../src/labels/runs";
import { areaDeltas, edits } from "./arbitrary";

interface Vector {
  name: string;
  height: number;
  width: number;
  op: string;
  runs: [number, number, [number, number, number, number][]][];
  before: { cy: number; cx: number; fill: [number, number, number][]; sha256: string }[];
  after: { cy: number; cx: number; sha256: string }[];
  accepted: string;
  inverse: string;
  n_pixels: number;
  n_refused: number;
  changes: Record<string, { area: number; box: number[] | null }>;
}

const path = new URL("../../../tests/contracts/op_vectors.json", import.meta.url);
const shared = JSON.parse(readFileSync(path, "utf8")) as {
  vectors: Vector[];
  invalid: { name: string; op: string }[];
};
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const sha = (labels: Uint32Array) =>
  createHash("sha256").update(new Uint8Array(labels.buffer)).digest("hex");

function edit(rows: Vector["runs"]): Edit {
  const made = new Map<ChunkKey, Runs>();
  for (const [cy, cx, runs] of rows) {
    const builder = new RunsBuilder();
    for (const run of runs) builder.add(...run);
    if (!builder.isEmpty) made.set(chunkKey(cy, cx), builder.build());
  }
  return made;
}

function chunksOf(vector: Vector): ChunkMap {
  const chunks = new ChunkMap();
  for (const { cy, cx, fill, sha256 } of vector.before) {
    const labels = new Uint32Array(CHUNK * CHUNK);
    for (const [start, length, label] of fill) labels.fill(label, start, start + length);
    expect(sha(labels)).toBe(sha256);
    chunks.set(chunkKey(cy, cx), labels);
  }
  return chunks;
}

/** The server refuses what lies outside of the image; the client never makes such pixels. */
function clipped(op: Edit, width: number, height: number): Edit {
  const kept = new Map<ChunkKey, Runs>();
  for (const [key, runs] of op) {
    const { x0, y0 } = chunkRect(key);
    const builder = new RunsBuilder();
    for (let r = 0; r < runs.count; r++) {
      const start = runs.start[r] as number;
      for (let i = start; i < start + (runs.length[r] as number); i++) {
        const inside = x0 + (i % CHUNK) < width && y0 + Math.floor(i / CHUNK) < height;
        if (inside) builder.add(i, 1, runs.before[r] as number, runs.after[r] as number);
      }
    }
    if (!builder.isEmpty) kept.set(key, builder.build());
  }
  return kept;
}

describe("the vectors shared with the server", () => {
  test.each(shared.vectors)("$name: the same bytes", (vector) => {
    expect(hex(encodeEdit(decodeEdit(bytes(vector.op))))).toBe(vector.op);
    expect(hex(encodeEdit(edit(vector.runs)))).toBe(vector.op);
  });

  test.each(shared.vectors)("$name: the same pixels and areas", (vector) => {
    const chunks = chunksOf(vector);
    const op = clipped(decodeEdit(bytes(vector.op)), vector.width, vector.height);
    const accepted = applyEdit(chunks, op);
    expect(hex(encodeEdit(accepted))).toBe(vector.accepted);
    expect(hex(encodeEdit(invertEdit(accepted)))).toBe(vector.inverse);
    expect(pixelsIn(accepted)).toBe(vector.n_pixels);
    expect(pixelsIn(decodeEdit(bytes(vector.op))) - pixelsIn(accepted)).toBe(vector.n_refused);
    for (const { cy, cx, sha256 } of vector.after) {
      expect(sha(chunks.get(chunkKey(cy, cx)) as Uint32Array)).toBe(sha256);
    }
    const deltas = areaDeltas(accepted);
    deltas.delete(0);
    const expected = Object.entries(vector.changes).map(([id, { area }]) => [Number(id), area]);
    expect([...deltas].sort((a, b) => a[0] - b[0])).toEqual(
      expected.sort((a, b) => (a[0] as number) - (b[0] as number)),
    );
  });

  test.each(shared.invalid)("$name is refused", ({ op }) => {
    expect(() => decodeEdit(bytes(op))).toThrow(CodecError);
  });
});

test("what is encoded, packed, unpacked and decoded is the same edit", async () => {
  await fc.assert(
    fc.asyncProperty(edits, async (made) => {
      const body = await gzip(encodeEdit(made));
      const back = decodeEdit(await gunzip(body));
      expect(hex(encodeEdit(back))).toBe(hex(encodeEdit(made)));
      expect(boxOfEdit(back)).toEqual(boxOfEdit(made));
    }),
    { numRuns: 60 },
  );
});

test("no bytes make the decoder fail otherwise than with its own error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        decodeEdit(noise);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
    }),
    { numRuns: 500 },
  );
});

test("an edit over many chunks is split without losing a pixel", () => {
  const wide = new Map(
    Array.from({ length: 600 }, (_, i) => {
      const builder = new RunsBuilder();
      builder.add(0, i + 1, 0, 1);
      return [chunkKey(0, i), builder.build()] as const;
    }),
  );
  const parts = splitEdit(wide);
  expect(parts.map((part) => part.size)).toEqual([256, 256, 88]);
  expect(parts.reduce((sum, part) => sum + pixelsIn(part), 0)).toBe(pixelsIn(wide));
});

test("unpacking stops at the size it is told", async () => {
  const bomb = await gzip(new Uint8Array(1 << 20));
  await expect(gunzip(bomb, 1000)).rejects.toThrow(RangeError);
});
