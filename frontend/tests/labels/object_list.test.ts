import fc from "fast-check";
import { expect, test } from "vitest";
import { intersect, isEmpty, rect } from "../../src/geometry/rect";
import { type InstanceRow, STATES } from "../../src/labels/instance_rows";
import { rowOf } from "../../src/labels/instance_snapshot";
import { InstanceTable } from "../../src/labels/instances";
import {
  EVERYTHING,
  inOrder,
  matching,
  NO_LIMITS,
  type ObjectFilter,
  SORT_KEYS,
} from "../../src/labels/object_list";
import { meets } from "../../src/labels/spans";

const number = fc.option(fc.constantFrom(0.25, 0.5, 0.75));
const rows = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 0xffffffff }),
    area: fc.integer({ min: 1, max: 9 }),
    ...{ x: fc.nat(90), y: fc.nat(90), z: fc.nat(3), t: fc.nat(1), depth: fc.constantFrom(1, 2) },
    ...{ state: fc.constantFrom(...STATES), score: number, doubt: number },
    name: fc.constantFrom("", "a", "B", "c"),
  }),
  { selector: (row) => row.id, maxLength: 40 },
);
type Made = typeof rows extends fc.Arbitrary<infer T> ? T : never;

function tableOf(all: Made): InstanceTable {
  const table = new InstanceTable();
  table.load({
    ...{ instance_id: all.map((row) => row.id), area_px: all.map((row) => row.area) },
    ...{ row0: all.map((row) => row.y), row1: all.map((row) => row.y + 5) },
    ...{ col0: all.map((row) => row.x), col1: all.map((row) => row.x + 5) },
    ...{ state: all.map((row) => row.state), class_name: all.map((row) => row.name) },
    ...{ score: all.map((row) => row.score), doubt: all.map((row) => row.doubt) },
    ...{ t: all.map((row) => row.t), z: all.map((row) => row.z) },
    depth: all.map((row) => row.depth),
  });
  return table;
}

const limits = (values: fc.Arbitrary<number>) =>
  fc.record({ least: fc.option(values), most: fc.option(values) });
const filters: fc.Arbitrary<ObjectFilter> = fc.record({
  areaPx: limits(fc.integer({ min: 0, max: 10 })),
  score: limits(fc.constantFrom(0, 0.25, 0.5, 1)),
  className: fc.option(fc.constantFrom("", "a", "B", "gone")),
  state: fc.option(fc.constantFrom(...STATES)),
  view: fc.option(
    fc.record({
      box: fc.tuple(fc.nat(80), fc.nat(80)).map(([x, y]) => rect(x, y, x + 30, y + 30)),
      planes: fc.record({ t: fc.nat(1), z: fc.nat(3), depth: fc.constantFrom(1, 2) }),
    }),
  ),
});

/** The same said of one row at a time. */
function isWanted(row: InstanceRow, filter: ObjectFilter): boolean {
  const isIn = (value: number | null, { least, most }: typeof NO_LIMITS) =>
    (least === null && most === null) ||
    (value !== null && value >= (least ?? -Infinity) && value <= (most ?? Infinity));
  return (
    isIn(row.areaPx, filter.areaPx) &&
    isIn(row.score, filter.score) &&
    (filter.className === null || filter.className === row.className) &&
    (filter.state === null || filter.state === row.state) &&
    (filter.view === null ||
      (!isEmpty(intersect(row.box, filter.view.box)) && meets(row, filter.view.planes)))
  );
}

test("a filter takes exactly the instances that it describes, ascending by id", () => {
  fc.assert(
    fc.property(rows, filters, (all, filter) => {
      const table = tableOf(all);
      const snapshot = table.snapshot();
      const found = [...matching(snapshot, filter)].map((row) => snapshot.id[row]);
      const wanted = [...table.ids()].filter((id) =>
        isWanted(table.get(id) as InstanceRow, filter),
      );
      expect(found).toEqual(wanted);
    }),
  );
});

test("a tighter filter takes a part of what a looser one takes", () => {
  fc.assert(
    fc.property(rows, filters, (all, filter) => {
      const snapshot = tableOf(all).snapshot();
      const loose = new Set(matching(snapshot, { ...filter, state: null, areaPx: NO_LIMITS }));
      expect([...matching(snapshot, filter)].every((row) => loose.has(row))).toBe(true);
      expect(matching(snapshot, EVERYTHING).length).toBe(snapshot.count);
    }),
  );
});

test("what is to be hidden is left out", () => {
  const snapshot = tableOf(fc.sample(rows, { numRuns: 1, seed: 5 })[0] as Made).snapshot();
  const first = snapshot.id[0] as number;
  const left = matching(snapshot, EVERYTHING, (id) => id === first);
  expect(left.length).toBe(snapshot.count - 1);
});

const orders = fc.record({ by: fc.constantFrom(...SORT_KEYS), isDescending: fc.boolean() });
const VALUE: Record<(typeof SORT_KEYS)[number], (row: InstanceRow) => number | string | null> = {
  id: (row) => row.id,
  class: (row) => row.className.toLowerCase() || null,
  area: (row) => row.areaPx,
  score: (row) => row.score,
  doubt: (row) => row.doubt,
  state: (row) => STATES.indexOf(row.state),
};

test("sorting keeps every row, in order, equals by id and what has no value last", () => {
  fc.assert(
    fc.property(rows, orders, (all, order) => {
      const table = tableOf(all);
      const snapshot = table.snapshot();
      const which = matching(snapshot, EVERYTHING);
      const sorted = inOrder(snapshot, which, order);
      expect([...sorted].sort((a, b) => a - b)).toEqual([...which]);
      expect([...which]).toEqual([...matching(snapshot, EVERYTHING)]);
      const made = [...sorted].map((row) => table.get(snapshot.id[row] as number) as InstanceRow);
      for (let i = 1; i < made.length; i++) {
        const [before, after] = [made[i - 1] as InstanceRow, made[i] as InstanceRow];
        const [p, q] = [VALUE[order.by](before), VALUE[order.by](after)];
        if (p === q) expect(before.id).toBeLessThan(after.id);
        else if (p === null) throw new Error("what has no value came first");
        else if (q !== null) expect(p < q).toBe(!order.isDescending);
      }
    }),
  );
});

test("a row is found by its id", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 0xffffffff }), (all, other) => {
      const snapshot = tableOf(all).snapshot();
      for (const { id } of all) expect(snapshot.id[rowOf(snapshot, id)]).toBe(id);
      if (!all.some(({ id }) => id === other)) expect(rowOf(snapshot, other)).toBe(-1);
    }),
  );
});
