/** The images of a project: upload, find, sort into splits, open. */

import { effect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { projectNews } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { refreshPart } from "../enhance";
import type { IslandProps } from "../islands";
import { settle } from "../live";
import { Problem } from "../parts/Problem";
import { BulkBar } from "./BulkBar";
import { FilterBar } from "./FilterBar";
import { filtersOf, ImageGrid, searchOf } from "./grid";
import { ImageTile } from "./ImageTile";
import { UploadZone } from "./UploadZone";
import { UploadQueue } from "./uploads";

export default function ProjectImages({ data }: IslandProps) {
  const project = data["project"] ?? "";
  const mayAnnotate = Boolean(data["annotate"]);
  const mayReview = Boolean(data["review"]);
  const grid = useMemo(() => {
    const made = new ImageGrid(project);
    const asked = filtersOf(location.search);
    made.filters.value = asked.filters;
    made.page.value = asked.page;
    return made;
  }, [project]);
  const reload = useMemo(() => settle(400, 1500, () => void grid.load()), [grid]);
  const queue = useMemo(() => new UploadQueue(project, reload), [project, reload]);

  useEffect(() => {
    void grid.load();
    void grid.loadTags().catch(() => undefined); // suggestions only: the filter works without
    const steps = settle(800, 3000, () => void refreshPart("next-steps"));
    const news = projectNews(project, (type, event) => {
      if (type === "resync") reload();
      if (type !== "image" && type !== "message") return;
      const id = String(event["id"] ?? event["image"] ?? "");
      const isHere = grid.images.value.some((image) => image.id === id);
      if (isHere && event["state"] !== "deleted") void grid.refresh(id).catch(reload);
      else reload();
      steps();
    });
    const keepAddress = effect(() => {
      const search = searchOf(grid.filters.value, grid.page.value);
      history.replaceState(null, "", location.pathname + search + location.hash);
    });
    return () => {
      news.close();
      keepAddress();
    };
  }, [grid, project, reload]);

  const isEmpty =
    !grid.loading.value && grid.total.value === 0 && !grid.isFiltered.value && !grid.problem.value;
  return (
    <div class="stack">
      {mayAnnotate && <UploadZone queue={queue} isEmpty={isEmpty} />}
      {isEmpty && !mayAnnotate && (
        <p class="empty">
          {texts.images.noneYet(<a href={`/projects/${project}/people/`}>{texts.images.seeWho}</a>)}
        </p>
      )}
      {!isEmpty && <Found grid={grid} mayAnnotate={mayAnnotate} mayReview={mayReview} />}
    </div>
  );
}

interface FoundProps {
  readonly grid: ImageGrid;
  readonly mayAnnotate: boolean;
  readonly mayReview: boolean;
}

function Found({ grid, mayAnnotate, mayReview }: FoundProps) {
  const images = grid.images.value;
  return (
    <section aria-label={texts.images.title} class="stack">
      <FilterBar grid={grid} />
      {mayAnnotate && <BulkBar grid={grid} mayRemove={mayReview} />}
      {grid.problem.value && <Problem text={grid.problem.value} onRetry={() => void grid.load()} />}
      {images.length === 0 && !grid.loading.value && !grid.problem.value && (
        <div class="empty">
          <p>{texts.images.noneFits}</p>
          <button
            class="button"
            type="button"
            onClick={() => void grid.filter({ name: "", state: "", tag: "", split: "" })}
          >
            {texts.images.showAll}
          </button>
        </div>
      )}
      <ul class="grid" aria-busy={grid.loading.value}>
        {images.map((image) => (
          <ImageTile
            key={image.id}
            image={image}
            grid={grid}
            mayChoose={mayAnnotate}
            mayRemove={mayReview}
          />
        ))}
      </ul>
      <Pager grid={grid} />
    </section>
  );
}

function Pager({ grid }: { grid: ImageGrid }) {
  const pages = grid.nPages.value;
  const page = grid.page.value;
  if (pages <= 1) return null;
  return (
    <nav class="pager" aria-label={texts.images.pages.title}>
      <button
        class="button"
        type="button"
        disabled={page <= 1}
        onClick={() => void grid.goTo(page - 1)}
      >
        {texts.images.pages.previous}
      </button>
      <span class="muted">{texts.images.pages.of(page, pages)}</span>
      <button
        class="button"
        type="button"
        disabled={page >= pages}
        onClick={() => void grid.goTo(page + 1)}
      >
        {texts.images.pages.next}
      </button>
    </nav>
  );
}
