/** Names and values of a record by name, nested ones flattened by commas. */

import { Fragment } from "preact";
import * as texts from "../../../texts/pages";
import { digits } from "../format";

export function Facts({ of }: { of: Readonly<Record<string, unknown>> }) {
  const rows = flat(of).sort(([one], [other]) => one.localeCompare(other));
  if (rows.length === 0) return <p class="muted">{texts.common.none}</p>;
  return (
    <dl class="facts small">
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

export function flat(record: Readonly<Record<string, unknown>>, prefix = ""): [string, string][] {
  return Object.entries(record).flatMap(([name, value]): [string, string][] => {
    const path = prefix + name;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return flat(value as Record<string, unknown>, `${path}, `);
    }
    return [[path, textOf(value)]];
  });
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? texts.common.values.yes : texts.common.values.no;
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : digits(value);
  if (Array.isArray(value)) return value.map(textOf).join(", ") || texts.common.values.none;
  return String(value);
}
