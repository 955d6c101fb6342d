import fc from "fast-check";
import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK, ChunkMap, chunkCol, chunkKey, chunkRow, keysIn } from "../../src/labels/chunks";
import { InstanceTable } from "../../src/labels/instances";
import { applyEdit, boxOfRun, invertEdit } from "../../src/labels/runs";
import { areaDeltas, edits } from "./arbitrary";

const WHOLE = rect(0, 0, 4 * CHUNK, 4 * CHUNK);

function emptyChunks(): ChunkMap {
  const chunks = new ChunkMap();
  for (const key of keysIn(WHOLE, WHOLE.x1, WHOLE.y1)) chunks.set(key, null);
  return chunks;
}

/** Area and tight box of every label, pixel by pixel. */
function recounted(chunks: ChunkMap) {
  const found = new Map<number, { area: number; x0: number; y0: number; x1: number; y1: number }>();
  for (const key of chunks.keys()) {
    const labels = chunks.get(key) as Uint32Array;
    const [oy, ox] = [chunkRow(key) * CHUNK, chunkCol(key) * CHUNK];
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i] as number;
      if (label === 0) continue;
      const [x, y] = [ox + (i % CHUNK), oy + Math.floor(i / CHUNK)];
      const row = found.get(label);
      if (!row) found.set(label, { area: 1, x0: x, y0: y, x1: x + 1, y1: y + 1 });
      else {
        row.area++;
        row.x0 = Math.min(row.x0, x);
        row.x1 = Math.max(row.x1, x + 1);
        row.y0 = Math.min(row.y0, y);
        row.y1 = Math.max(row.y1, y + 1);
      }
    }
  }
  return found;
}

test("areas from the runs are those of a recount, and boxes hold every pixel", () => {
  fc.assert(
    fc.property(fc.array(edits, { minLength: 1, maxLength: 3 }), (all) => {
      const chunks = emptyChunks();
      const table = new InstanceTable();
      // The first edit meets an empty layer: let it paint whatever it likes to.
      for (const edit of all) {
        const fresh = new Map(
          [...edit].map(([key, runs]) => [key, { ...runs, before: new Uint32Array(runs.count) }]),
        );
        table.countEdit(applyEdit(chunks, fresh), 1);
        table.countEdit(applyEdit(chunks, edit), 1);
      }
      const truth = recounted(chunks);
      expect([...table.ids()]).toEqual([...truth.keys()].sort((a, b) => a - b));
      expect(table.count).toBe(truth.size);
      for (const [id, row] of truth) {
        const known = table.get(id);
        expect(known?.areaPx).toBe(row.area);
        const box = known?.box ?? rect(0, 0, 0, 0);
        const holds = box.x0 <= row.x0 && box.y0 <= row.y0 && box.x1 >= row.x1 && box.y1 >= row.y1;
        expect(holds).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
}, 30_000);

test("an edit and its inverse leave areas and deltas where they were", () => {
  fc.assert(
    fc.property(edits, (edit) => {
      const table = new InstanceTable();
      table.countEdit(edit, 1);
      table.countEdit(invertEdit(edit), 1);
      expect(table.count).toBe(0);
      const sum = [...areaDeltas(edit).values()].reduce((a, b) => a + b, 0);
      expect(sum).toBe(0);
    }),
  );
});

test("a run that wraps into the next row spans the whole width", () => {
  expect(boxOfRun(3, 4)).toEqual(rect(3, 0, 7, 1));
  const wrapped = boxOfRun(500, 30);
  expect(wrapped.y1).toBe(2);
  expect([wrapped.x0, wrapped.x1]).toEqual([0, CHUNK]);
});

test("thousands of instances find their places again", () => {
  const table = new InstanceTable("proposed");
  const n = 5000;
  const column = (value: (i: number) => number) => Array.from({ length: n }, (_, i) => value(i));
  table.load({
    instance_id: column((i) => i * 7 + 1),
    area_px: column(() => 10),
    row0: column((i) => i),
    col0: column((i) => i),
    row1: column((i) => i + 5),
    col1: column((i) => i + 5),
    state: column(() => 0).map(() => "proposed" as const),
    score: column((i) => ((i * 31) % 1000) / 1000),
    class_name: column(() => 0).map(() => "nucleus"),
  });
  expect(table.count).toBe(n);
  expect(table.get(7 * 4321 + 1)?.box).toEqual(rect(4321, 4321, 4326, 4326));
  expect([...table.within(rect(100, 100, 101, 101))]).toEqual(
    [96, 97, 98, 99, 100].map((i) => i * 7 + 1),
  );
  const scores = [...table.byDoubt("proposed")].map((id) => table.get(id)?.score ?? 1);
  expect(scores).toEqual(scores.toSorted((a, b) => a - b));
  expect(table.setState(1, "accepted")).toBe(true);
  expect(table.setState(1, "accepted")).toBe(false);
  expect(table.countIn("accepted")).toBe(1);
  expect(chunkKey(1, 2)).toBe(65538);
});

test("doubt orders, a low score stands in for it, and what has neither comes last", () => {
  const table = new InstanceTable("proposed");
  const rows: [doubt: number | null, score: number | null][] = [
    [null, 0.95],
    [0.62, 0.99],
    [null, null],
    [0.1, 0.3],
    [null, 0.41],
    [0.62, 0.5],
  ];
  const all = <T>(value: T) => rows.map(() => value);
  table.load({
    instance_id: rows.map((_, i) => i + 1),
    area_px: all(4),
    row0: all(0),
    col0: all(0),
    row1: all(2),
    col1: all(2),
    state: all("proposed" as const),
    doubt: rows.map(([doubt]) => doubt),
    score: rows.map(([, score]) => score),
    class_name: all(""),
  });
  expect([...table.byDoubt("proposed")]).toEqual([2, 6, 5, 4, 1, 3]);
  expect(table.get(2)?.doubt).toBeCloseTo(0.62);
  expect(table.get(1)?.doubt).toBeNull();
});
