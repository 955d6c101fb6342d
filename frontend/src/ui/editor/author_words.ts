/** Who made which objects, of what the server says of a layer; pure. */
import type { InstancesJson } from "../../api/types";
import * as texts from "../../texts";

export interface Author {
  readonly id: number | null;
  readonly name: string;
  readonly nObjects: number;
}

export interface Authors {
  /** Those with most objects first; null for accounts that were deleted. */
  readonly people: readonly Author[];
  /** Place in `people`; undefined for objects that are newer than the answer. */
  readonly placeOf: (instanceId: number) => number | undefined;
}

export const NO_AUTHORS: Authors = { people: [], placeOf: () => undefined };

/** What a layer's columns say of its authors. */
export function authorsOf(
  columns: Pick<InstancesJson, "instance_id" | "created_by_id" | "authors">,
): Authors {
  const { instance_id, created_by_id = [], authors = [] } = columns;
  const counted = new Map<number | null, number>();
  for (const id of created_by_id) counted.set(id, (counted.get(id) ?? 0) + 1);
  const names = new Map(authors.map(({ id, name }) => [id, name]));
  const people = [...counted]
    .map(([id, nObjects]) => ({
      ...{ id, nObjects },
      name: (id !== null && names.get(id)) || texts.people.deletedAccount,
    }))
    .sort((p, q) => q.nObjects - p.nObjects || p.name.localeCompare(q.name));
  const places = new Map(people.map(({ id }, place) => [id, place]));
  const byInstance = new Map(
    instance_id.map((id, i) => [id, places.get(created_by_id[i] ?? null)]),
  );
  return { people, placeOf: (id) => byInstance.get(id) };
}
