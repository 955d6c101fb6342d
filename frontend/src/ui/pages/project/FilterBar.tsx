/** Filters of the image grid. */

import { useMemo } from "preact/hooks";
import * as texts from "../../../texts/pages";
import { settle } from "../live";
import type { Filters, ImageGrid } from "./grid";

export const SPLITS = [
  ["none", texts.images.filter.splits.none],
  ["train", texts.images.filter.splits.training],
  ["validation", texts.images.filter.splits.validation],
  ["test", texts.images.filter.splits.test],
] as const;

const STATES = [
  ["ready", texts.common.imageStates.ready],
  ["queued", texts.common.imageStates.waiting],
  ["ingesting", texts.common.imageStates.reading],
  ["failed", texts.common.imageStates.failed],
] as const;

export function FilterBar({ grid }: { grid: ImageGrid }) {
  const filters = grid.filters.value;
  const tags = grid.tags.value;
  return (
    <search class="filters">
      <TextFilter
        grid={grid}
        field="name"
        label={texts.images.filter.name}
        placeholder={texts.images.filter.partOfName}
        wide
      />
      <TextFilter
        grid={grid}
        field="tag"
        label={texts.images.filter.tag}
        placeholder={texts.images.filter.any}
        list="known-tags"
      />
      <datalist id="known-tags">
        {tags.map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
      <Choice
        label={texts.images.filter.split}
        value={filters.split}
        options={SPLITS}
        onChange={(split) => void grid.filter({ split })}
      />
      <Choice
        label={texts.images.filter.state}
        value={filters.state}
        options={STATES}
        onChange={(state) => void grid.filter({ state })}
      />
      <p class="muted small" role="status">
        {texts.images.filter.nFound(grid.total.value, grid.isFiltered.value)}
      </p>
    </search>
  );
}

interface TextFilterProps {
  readonly grid: ImageGrid;
  readonly field: "name" | "tag";
  readonly label: string;
  readonly placeholder: string;
  readonly wide?: boolean;
  readonly list?: string;
}

function TextFilter({ grid, field, label, placeholder, wide = false, list }: TextFilterProps) {
  // Ask when typing pauses, not for every letter.
  const ask = useMemo(() => {
    let wanted: Partial<Filters> = {};
    const send = settle(250, 1000, () => void grid.filter(wanted));
    return (text: string) => {
      wanted = { [field]: text };
      send();
    };
  }, [grid, field]);
  const id = `filter-${field}`;
  return (
    <div class={`field ${wide ? "wide" : ""}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        list={list}
        placeholder={placeholder}
        defaultValue={grid.filters.value[field]}
        onInput={(event) => ask(event.currentTarget.value.trim())}
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  const id = `filter-${label.toLowerCase()}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{texts.images.filter.any}</option>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
