/** What can be done to all chosen images at once. */

import { useSignal } from "@preact/signals";
import type { Split } from "../../../api/page_types";
import * as texts from "../../../texts/pages";
import { SPLITS } from "./FilterBar";
import { type ImageGrid, parseTags } from "./grid";

export function BulkBar({ grid, mayRemove }: { grid: ImageGrid; mayRemove: boolean }) {
  const tags = useSignal("");
  const problems = useSignal<readonly string[]>([]);
  const busy = useSignal(false);
  const chosen = grid.chosen.value.size;
  const onPage = grid.images.value.length;
  if (onPage === 0) return null;

  const run = async (work: Promise<readonly string[]>) => {
    busy.value = true;
    problems.value = await work;
    busy.value = false;
  };
  const setSplit = (split: string) => run(grid.changeChosen(() => ({ split: split as Split })));
  const addTags = () => {
    const wanted = parseTags(tags.value);
    if (wanted.length === 0) return;
    tags.value = "";
    void run(grid.changeChosen((image) => ({ tags: [...new Set([...image.tags, ...wanted])] })));
  };
  const removeTags = () => {
    const unwanted = new Set(parseTags(tags.value));
    if (unwanted.size === 0) return;
    tags.value = "";
    void run(
      grid.changeChosen((image) => ({ tags: image.tags.filter((tag) => !unwanted.has(tag)) })),
    );
  };
  const remove = () => {
    const question = texts.images.bulk.removeQuestion(chosen);
    if (window.confirm(question)) void run(grid.removeChosen());
  };
  if (chosen === 0) {
    return (
      <p class="hint bulkbar idle">
        {texts.images.bulk.tickSome}{" "}
        <button class="link-button" type="button" onClick={() => grid.choosePage(true)}>
          {texts.images.bulk.tickAll}
        </button>
      </p>
    );
  }
  return (
    <fieldset class="bulkbar" aria-label={texts.images.bulk.title} aria-busy={busy.value}>
      <strong role="status">{texts.images.bulk.nChosen(chosen)}</strong>
      <select
        aria-label={texts.images.bulk.setSplit}
        value=""
        disabled={busy.value}
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
      <span class="row">
        <input
          aria-label={texts.images.bulk.tagsHelp}
          placeholder={texts.images.bulk.tags}
          value={tags.value}
          onInput={(event) => {
            tags.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") addTags();
          }}
        />
        <button class="button slim" type="button" disabled={busy.value} onClick={addTags}>
          {texts.images.bulk.addTags}
        </button>
        <button class="button slim" type="button" disabled={busy.value} onClick={removeTags}>
          {texts.images.bulk.takeTagsOff}
        </button>
      </span>
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
