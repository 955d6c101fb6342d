/** One image of the grid. */

import { useSignal } from "@preact/signals";
import type { ImageCard } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { ImageBadge } from "../parts/Badge";
import { SPLITS } from "./FilterBar";
import type { ImageGrid } from "./grid";

interface TileProps {
  readonly image: ImageCard;
  readonly grid: ImageGrid;
  readonly mayChoose: boolean;
  readonly mayRemove: boolean;
}

let lastPicked = ""; // where a range by Shift begins

export function ImageTile({ image, grid, mayChoose, mayRemove }: TileProps) {
  const isChosen = grid.chosen.value.has(image.id);
  const pick = (event: MouseEvent & { currentTarget: HTMLInputElement }) => {
    if (event.shiftKey && lastPicked) grid.chooseRange(lastPicked, image.id);
    else grid.choose(image.id, event.currentTarget.checked);
    lastPicked = image.id;
  };
  return (
    <li class={`tile ${isChosen ? "chosen" : ""}`}>
      <Picture image={image} />
      {mayChoose && (
        <label class="tile-pick">
          <input
            type="checkbox"
            checked={isChosen}
            onClick={pick}
            aria-label={texts.images.tile.choose(image.name)}
          />
        </label>
      )}
      <div class="tile-body">
        {image.state === "ready" ? (
          <a class="tile-name" href={address.editor(image.id)} title={image.name}>
            {image.name}
          </a>
        ) : (
          <span class="tile-name" title={image.name}>
            {image.name}
          </span>
        )}
        <Facts image={image} />
        {image.state === "failed" && (
          <Failure image={image} grid={grid} mayRetry={mayChoose} mayRemove={mayRemove} />
        )}
      </div>
    </li>
  );
}

function Picture({ image }: { image: ImageCard }) {
  if (image.state !== "ready") {
    return (
      <div class="tile-picture waiting">
        <ImageBadge state={image.state} />
      </div>
    );
  }
  return (
    <div class="tile-picture">
      <img src={address.thumbnail(image.id)} alt="" loading="lazy" decoding="async" />
    </div>
  );
}

function Facts({ image }: { image: ImageCard }) {
  const split = SPLITS.find(([key]) => key === image.split);
  return (
    <>
      {image.state === "ready" && (
        <span class="muted small">
          {image.width} × {image.height}
          {image.n_channels && image.n_channels > 1
            ? texts.images.tile.channels(image.n_channels)
            : ""}
        </span>
      )}
      <span class="badges">
        {image.split !== "none" && split && <span class="badge">{split[1]}</span>}
        {image.tags.map((tag) => (
          <span key={tag} class="badge">
            {tag}
          </span>
        ))}
        {(image.n_instances ?? 0) > 0 && (
          <span class="badge good">{texts.images.tile.nObjects(image.n_instances ?? 0)}</span>
        )}
        {(image.n_regions ?? 0) > 0 && (
          <span class="badge good">{texts.images.tile.nRegions(image.n_regions ?? 0)}</span>
        )}
      </span>
      {image.painted_by && image.painted_by.length > 0 && (
        <span class="muted small" title={texts.images.tile.paintedBy(image.painted_by.join(", "))}>
          {texts.images.tile.by(painters(image.painted_by))}
        </span>
      )}
    </>
  );
}

/** The one who painted most, and how many others. */
export function painters([first, ...others]: readonly string[]): string {
  if (others.length === 0) return first ?? "";
  return others.length === 1
    ? `${first}, ${others[0]}`
    : texts.images.tile.andOthers(first, others.length);
}

interface FailureProps {
  readonly image: ImageCard;
  readonly grid: ImageGrid;
  readonly mayRetry: boolean;
  readonly mayRemove: boolean;
}

function Failure({ image, grid, mayRetry, mayRemove }: FailureProps) {
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const act = async (work: Promise<string>) => {
    isBusy.value = true;
    problem.value = await work;
    isBusy.value = false;
  };
  const what = <span class="visually-hidden"> {image.name}</span>;
  return (
    <>
      <span class="sentence">
        {problem.value || image.error_message || texts.images.tile.couldNotBeRead}
      </span>
      <span class="row">
        {mayRetry && (
          <button
            class="button slim"
            type="button"
            disabled={isBusy.value}
            onClick={() => void act(grid.retry(image))}
          >
            {texts.common.tryAgain}
            {what}
          </button>
        )}
        {mayRemove && (
          <button
            class="button slim"
            type="button"
            disabled={isBusy.value}
            onClick={() => void act(grid.remove(image))}
          >
            {texts.images.remove}
            {what}
          </button>
        )}
      </span>
    </>
  );
}
