/** Which classes an edit gives to instances: grouped for an op, applied to a table, taken back. */

import type { ClassGroups, OpMeta } from "../api/types";
import type { InstanceTable } from "../labels/instances";

/** Ids before and after it in the op's header, of which the server takes a mebibyte. */
const CLASSES_PER_OP = 20_000;

/** Ids by the class that each of them gets. */
export function grouped(classOf: Iterable<readonly [id: number, name: string]>): ClassGroups {
  const groups = new Map<string, number[]>();
  for (const [id, name] of classOf) {
    const ids = groups.get(name);
    if (ids) ids.push(id);
    else groups.set(name, [id]);
  }
  return Object.fromEntries(groups);
}

/** Write classes into a table; returns the ids whose class is another one now. */
export function applyClasses(table: InstanceTable, groups: ClassGroups | undefined): number[] {
  return Object.entries(groups ?? {}).flatMap(([name, ids]) =>
    ids.filter((id) => table.setClass(id, name)),
  );
}

/** What an edit that makes an instance says of its class. */
export function newClass(id: number, className: string | undefined): Pick<OpMeta, "classes"> {
  return className ? { classes: { [className]: [id] } } : {};
}

/** What an edit that gives these instances a class says of it; null when all have it already. */
export function classMeta(
  table: InstanceTable,
  ids: readonly number[],
  name: string,
): Pick<OpMeta, "classes" | "classes_before"> | null {
  const others = ids.filter((id) => table.areaOf(id) > 0 && table.classOf(id) !== name);
  if (others.length === 0) return null;
  const before = grouped(others.map((id) => [id, table.classOf(id)]));
  return { classes: { [name]: others }, classes_before: before };
}

/** The same of any number of instances, a part for each op that it takes. */
export function classMetas(table: InstanceTable, ids: readonly number[], name: string) {
  const metas = [];
  for (let at = 0; at < ids.length; at += CLASSES_PER_OP) {
    const meta = classMeta(table, ids.slice(at, at + CLASSES_PER_OP), name);
    if (meta) metas.push(meta);
  }
  return metas;
}

/** What takes a step back (or makes it again), of each instance that still has what it gave. */
export function reversedClasses(
  table: InstanceTable,
  { classes, classes_before }: OpMeta,
  from: "undo" | "redo",
): ClassGroups | null {
  if (!classes || !classes_before) return null;
  const [now, then] = from === "undo" ? [classes, classes_before] : [classes_before, classes];
  const has = new Map(Object.entries(now).flatMap(([name, ids]) => ids.map((id) => [id, name])));
  const back = Object.entries(then).flatMap(([name, ids]) =>
    ids.filter((id) => table.classOf(id) === has.get(id)).map((id) => [id, name] as const),
  );
  return back.length > 0 ? grouped(back) : null;
}

/** The same with a class under its new name. */
export function renamed(groups: ClassGroups, from: string, to: string): ClassGroups {
  const pairs = Object.entries(groups).flatMap(([name, ids]) =>
    ids.map((id) => [id, name === from ? to : name] as const),
  );
  return grouped(pairs);
}
