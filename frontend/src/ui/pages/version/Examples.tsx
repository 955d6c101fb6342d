/** What a version draws on held-out images, beside what people drew. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Evaluation } from "../../../api/page_types";
import { address, api } from "../../../api/pages";
import { score } from "../format";
import { ap50 } from "../parts/scores";
import { type Colour, cropAround, drawImage, drawOutline, readLabels, truthOf } from "./overlay";

const PREDICTED: Colour = [255, 170, 30];
const DRAWN: Colour = [60, 220, 235];
const MOST_PX = 256; // of the image: larger crops show objects too small to judge an outline
const ZOOM = 3;

export interface Row {
  readonly image: string;
  readonly name: string;
  readonly ap: number | undefined;
}

/** The worst, the middle and the best image: an honest sample of three. */
export function sample(rows: readonly Row[]): readonly Row[] {
  const sorted = [...rows].sort((a, b) => (a.ap ?? 0) - (b.ap ?? 0));
  const picks = [0, Math.floor((sorted.length - 1) / 2), sorted.length - 1];
  return [...new Set(picks)].flatMap((index) => sorted[index] ?? []);
}

export function Examples({ versionId, evaluation }: { versionId: string; evaluation: Evaluation }) {
  const rows = (evaluation.per_image ?? []).flatMap((row): Row[] =>
    row.image ? [{ image: row.image, name: row.name ?? "", ap: ap50(row) }] : [],
  );
  const shown = sample(rows);
  if (shown.length === 0) return null;
  return (
    <section class="panel stack" aria-label="Examples">
      <div class="panel-head" style={{ marginBottom: 0 }}>
        <h2>Examples</h2>
        <ul class="legend">
          <li>
            <span class="swatch" style={{ "--swatch": `rgb(${DRAWN.join(" ")})` }} />
            drawn by people
          </li>
          <li>
            <span class="swatch" style={{ "--swatch": `rgb(${PREDICTED.join(" ")})` }} />
            drawn by this version
          </li>
        </ul>
      </div>
      <div class="examples">
        {shown.map((row) => (
          <ExampleFigure key={row.image} row={row} versionId={versionId} />
        ))}
      </div>
    </section>
  );
}

function ExampleFigure({ row, versionId }: { row: Row; versionId: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const note = useSignal("Drawing…");
  useEffect(() => {
    if (canvas.current === null) return;
    draw(canvas.current, row.image, versionId).then(
      (sentence) => {
        note.value = sentence;
      },
      () => {
        note.value = "This example could not be drawn.";
      },
    );
  }, [row.image, versionId, note]);
  return (
    <figure class="example">
      <canvas
        ref={canvas}
        width={MOST_PX}
        height={MOST_PX}
        role="img"
        aria-label={`${row.name} with the outlines drawn by people and by this version`}
      />
      <figcaption>
        <a href={address.editor(row.image)}>{row.name}</a>, AP50 {score(row.ap)}
        {note.value && `. ${note.value}`}
      </figcaption>
    </figure>
  );
}

/** Draw an example; returns what is missing in it, if anything. */
async function draw(
  canvas: HTMLCanvasElement,
  imageId: string,
  versionId: string,
): Promise<string> {
  const [image, truth, predictions] = await Promise.all([
    api.image(imageId),
    truthOf(imageId),
    api.predictions(imageId),
  ]);
  const height = image.height ?? MOST_PX;
  const width = image.width ?? MOST_PX;
  const middle = truth?.box ?? { row0: 0, col0: 0, row1: height, col1: width };
  const box = cropAround(middle, height, width, MOST_PX);
  canvas.width = (box.col1 - box.col0) * ZOOM;
  canvas.height = (box.row1 - box.row0) * ZOOM;
  await drawImage(canvas, imageId, box, ZOOM);
  if (truth) drawOutline(canvas, await readLabels(truth.layer, box), ZOOM, DRAWN);
  const mine = predictions.find((one) => idOf(one.version) === versionId && one.layer);
  if (!mine?.layer) return "Its draft is not made yet.";
  drawOutline(canvas, await readLabels(mine.layer, box), ZOOM, PREDICTED);
  return "";
}

function idOf(version: { readonly id: string } | string): string {
  return typeof version === "string" ? version : version.id;
}
