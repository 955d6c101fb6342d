/** What can be done to all chosen images at once. */

import { useSignal } from "@preact/signals";
import type { Split } from "../../../api/page_types";
import { count } from "../format";
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
    const question = `Remove ${count(chosen, "image")} with everything painted on ${chosen === 1 ? "it" : "them"}? This cannot be undone.`;
    if (window.confirm(question)) void run(grid.removeChosen());
  };
  if (chosen === 0) {
    return (
      <p class="hint bulkbar idle">
        Tick images to set their split or tags.{" "}
        <button class="link-button" type="button" onClick={() => grid.choosePage(true)}>
          Tick all on this page
        </button>
      </p>
    );
  }
  return (
    <fieldset class="bulkbar" aria-label="Chosen images" aria-busy={busy.value}>
      <strong role="status">{count(chosen, "image")} chosen</strong>
      <select
        aria-label="Set the split"
        value=""
        disabled={busy.value}
        onChange={(event) => void setSplit(event.currentTarget.value)}
      >
        <option value="" disabled>
          Set split…
        </option>
        {SPLITS.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
      <span class="row">
        <input
          aria-label="Tags, with commas between them"
          placeholder="Tags"
          value={tags.value}
          onInput={(event) => {
            tags.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") addTags();
          }}
        />
        <button class="button slim" type="button" disabled={busy.value} onClick={addTags}>
          Add tags
        </button>
        <button class="button slim" type="button" disabled={busy.value} onClick={removeTags}>
          Take tags off
        </button>
      </span>
      {mayRemove && (
        <button class="button slim danger" type="button" disabled={busy.value} onClick={remove}>
          Remove
        </button>
      )}
      <span class="grow" />
      {chosen < onPage && (
        <button class="button slim quiet" type="button" onClick={() => grid.choosePage(true)}>
          Whole page
        </button>
      )}
      <button class="button slim quiet" type="button" onClick={() => grid.choosePage(false)}>
        Choose none
      </button>
      {problems.value.map((problem) => (
        <p key={problem} class="field-error" role="alert">
          {problem}
        </p>
      ))}
    </fieldset>
  );
}
