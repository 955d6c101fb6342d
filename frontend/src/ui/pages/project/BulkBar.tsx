/** What can be done to all chosen images at once. */

import { type Signal, useSignal } from "@preact/signals";
import type { Split } from "../../../api/page_types";
import * as texts from "../../../texts/pages";
import { SPLITS } from "./FilterBar";
import { type ImageGrid, parseTags } from "./grid";

type Run = (work: Promise<readonly string[]>) => Promise<void>;

export function BulkBar({ grid, mayRemove }: { grid: ImageGrid; mayRemove: boolean }) {
  const problems = useSignal<readonly string[]>([]);
  const busy = useSignal(false);
  const chosen = grid.chosen.value.size;
  const onPage = grid.images.value.length;
  const tags = useSignal("");
  if (onPage === 0) return null;
  if (chosen === 0) return <NothingChosen grid={grid} />;

  const run: Run = async (work) => {
    busy.value = true;
    problems.value = await work;
    busy.value = false;
  };
  const remove = () => {
    const question = texts.images.bulk.removeQuestion(chosen);
    if (window.confirm(question)) void run(grid.removeChosen());
  };
  return (
    <fieldset class="bulkbar" aria-label={texts.images.bulk.title} aria-busy={busy.value}>
      <strong role="status">{texts.images.bulk.nChosen(chosen)}</strong>
      <SplitMenu grid={grid} isBusy={busy.value} run={run} />
      <Tags grid={grid} typed={tags} isBusy={busy.value} run={run} />
      {mayRemove && (
        <button class="button slim danger" type="button" disabled={busy.value} onClick={remove}>
          {texts.images.remove}
        </button>
      )}
      <span class="grow" />
      {chosen < onPage && (
        <button class="button slim quiet" type="button" onClick={() => grid.choosePage(true)}>
          {texts.images.bulk.wholePage}
        </button>
      )}
      <button class="button slim quiet" type="button" onClick={() => grid.choosePage(false)}>
        {texts.images.bulk.chooseNone}
      </button>
      {problems.value.map((problem) => (
        <p key={problem} class="field-error" role="alert">
          {problem}
        </p>
      ))}
    </fieldset>
  );
}

function NothingChosen({ grid }: { grid: ImageGrid }) {
  return (
    <p class="hint bulkbar idle">
      {texts.images.bulk.tickSome}{" "}
      <button class="link-button" type="button" onClick={() => grid.choosePage(true)}>
        {texts.images.bulk.tickAll}
      </button>
    </p>
  );
}

interface PartProps {
  readonly grid: ImageGrid;
  readonly isBusy: boolean;
  readonly run: Run;
}

function SplitMenu({ grid, isBusy, run }: PartProps) {
  const setSplit = (split: string) => run(grid.changeChosen(() => ({ split: split as Split })));
  return (
    <select
      aria-label={texts.images.bulk.setSplit}
      value=""
      disabled={isBusy}
      onChange={(event) => void setSplit(event.currentTarget.value)}
    >
      <option value="" disabled>
        {texts.images.bulk.splitMenu}
      </option>
      {SPLITS.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Tags({ grid, isBusy, run, typed }: PartProps & { readonly typed: Signal<string> }) {
  const change = (changed: (own: readonly string[], named: readonly string[]) => string[]) => {
    const named = parseTags(typed.value);
    if (named.length === 0) return;
    typed.value = "";
    void run(grid.changeChosen((image) => ({ tags: changed(image.tags, named) })));
  };
  const add = () => change((own, named) => [...new Set([...own, ...named])]);
  const remove = () => change((own, named) => own.filter((tag) => !named.includes(tag)));
  return (
    <span class="row">
      <input
        aria-label={texts.images.bulk.tagsHelp}
        placeholder={texts.images.bulk.tags}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") add();
        }}
      />
      <button class="button slim" type="button" disabled={isBusy} onClick={add}>
        {texts.images.bulk.addTags}
      </button>
      <button class="button slim" type="button" disabled={isBusy} onClick={remove}>
        {texts.images.bulk.takeTagsOff}
      </button>
    </span>
  );
}
