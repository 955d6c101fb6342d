import fc from "fast-check";
import { expect, test } from "vitest";
import { STATES } from "../../src/labels/instance_rows";
import { boxAt, rowOf, spanAt } from "../../src/labels/instance_snapshot";
import { InstanceTable } from "../../src/labels/instances";

const rows = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 0xffffffff }),
    area: fc.nat(3),
    x: fc.nat(500),
    z: fc.nat(4),
    state: fc.constantFrom(...STATES),
    score: fc.option(fc.constantFrom(0.25, 0.5)),
    name: fc.constantFrom("", "a", "b"),
  }),
  { selector: (row) => row.id, maxLength: 40 },
);

function tableOf(all: typeof rows extends fc.Arbitrary<infer T> ? T : never): InstanceTable {
  const table = new InstanceTable();
  table.load({
    instance_id: all.map((row) => row.id),
    area_px: all.map((row) => row.area),
    ...{ row0: all.map(() => 2), row1: all.map(() => 9) },
    ...{ col0: all.map((row) => row.x), col1: all.map((row) => row.x + 3) },
    state: all.map((row) => row.state),
    score: all.map((row) => row.score),
    class_name: all.map((row) => row.name),
    z: all.map((row) => row.z),
    depth: all.map(() => 2),
  });
  return table;
}

test("a snapshot says what the table says of each instance that has a pixel, and no more", () => {
  fc.assert(
    fc.property(rows, (all) => {
      const table = tableOf(all);
      const snapshot = table.snapshot();
      expect([...snapshot.id]).toEqual([...table.ids()]);
      snapshot.id.forEach((id, row) => {
        const known = table.get(id);
        expect(rowOf(snapshot, id)).toBe(row);
        expect(boxAt(snapshot, row)).toEqual(known?.box);
        expect(spanAt(snapshot, row)).toEqual({ t: known?.t, z: known?.z, depth: known?.depth });
        expect(snapshot.areaPx[row]).toBe(known?.areaPx);
        expect(STATES[snapshot.state[row] as number]).toBe(known?.state);
        expect(snapshot.score[row]).toEqual(known?.score ?? Number.NaN);
        expect(snapshot.classNames[snapshot.classCode[row] as number]).toBe(known?.className);
      });
    }),
  );
});

test("it is made anew when something has changed, and only then", () => {
  const [row] = fc.sample(rows, { numRuns: 1, seed: 1 });
  const table = tableOf([{ ...(row?.[0] as never as object), id: 7, area: 3 } as never]);
  const before = table.snapshot();
  expect(table.snapshot()).toBe(before);
  table.setClass(7, "other");
  expect(table.snapshot()).not.toBe(before);
  expect(rowOf(table.snapshot(), 8)).toBe(-1);
});
