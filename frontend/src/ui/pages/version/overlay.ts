/** A crop of an image with the outlines of label layers over it, drawn on a canvas. */

import { ApiClient } from "../../../api/client";
import { ImageApi } from "../../../api/images";
import { RestLayerApi } from "../../../api/layers";
import { tileUrl } from "../../../api/tiles";
import { rect } from "../../../geometry/rect";
import { edgeLines } from "../../../labels/outline";

export interface Box {
  readonly row0: number;
  readonly col0: number;
  readonly row1: number;
  readonly col1: number;
}

export type Colour = readonly [number, number, number];

const client = new ApiClient();
const images = new ImageApi(client);
const layers = new RestLayerApi(client);

/** A box of at most the given size around the middle of another, kept inside the image. */
export function cropAround(inner: Box, height: number, width: number, most: number): Box {
  const h = Math.min(height, most);
  const w = Math.min(width, most);
  const place = (middle: number, size: number, limit: number) =>
    Math.max(0, Math.min(Math.round(middle - size / 2), limit - size));
  const row0 = place((inner.row0 + inner.row1) / 2, h, height);
  const col0 = place((inner.col0 + inner.col1) / 2, w, width);
  return { row0, col0, row1: row0 + h, col1: col0 + w };
}

/** Draw the image's pixels, `zoom` times; planes of several channels are added in their colours. */
export async function drawImage(
  canvas: HTMLCanvasElement,
  imageId: string,
  box: Box,
  zoom: number,
): Promise<void> {
  const view = await images.tiles(imageId);
  const context = canvas.getContext("2d");
  if (context === null) return;
  const isColour = view.planes === 1 && view.channels.length !== 1;
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let plane = 0; plane < Math.min(view.planes, 3); plane += 1) {
    const drawn = document.createElement("canvas");
    drawn.width = box.col1 - box.col0;
    drawn.height = box.row1 - box.row0;
    const url = (column: number, row: number) =>
      tileUrl(view.tiles, { plane, level: 0, column, row });
    await drawPlane(drawn, url, view.tile_size, box);
    const colour = view.channels[plane]?.colour;
    if (!isColour && view.planes > 1 && colour) tint(drawn, colour);
    context.globalCompositeOperation = "lighter";
    context.drawImage(drawn, 0, 0, drawn.width * zoom, drawn.height * zoom);
  }
  context.globalCompositeOperation = "source-over";
}

async function drawPlane(
  canvas: HTMLCanvasElement,
  url: (column: number, row: number) => string,
  tile: number,
  box: Box,
): Promise<void> {
  const context = canvas.getContext("2d");
  const waiting: Promise<void>[] = [];
  for (let row = Math.floor(box.row0 / tile); row * tile < box.row1; row += 1) {
    for (let col = Math.floor(box.col0 / tile); col * tile < box.col1; col += 1) {
      const draw = async () => {
        const picture = new Image();
        picture.src = url(col, row);
        await picture.decode();
        context?.drawImage(picture, col * tile - box.col0, row * tile - box.row0);
      };
      waiting.push(draw());
    }
  }
  await Promise.all(waiting);
}

function tint(canvas: HTMLCanvasElement, colour: string): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.globalCompositeOperation = "multiply";
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
}

/** Read the labels of a box out of a layer's chunks. */
export async function readLabels(layerId: string, box: Box): Promise<Uint32Array> {
  const [layer, manifest] = await Promise.all([
    layers.layer(layerId),
    layers.manifest(layerId, 0, 0),
  ]);
  const edge = layer.chunk;
  const width = box.col1 - box.col0;
  const labels = new Uint32Array(width * (box.row1 - box.row0));
  const touching = manifest.chunks.filter(
    ([cy, cx]) =>
      cy * edge < box.row1 &&
      (cy + 1) * edge > box.row0 &&
      cx * edge < box.col1 &&
      (cx + 1) * edge > box.col0,
  );
  await Promise.all(
    touching.map(async ([cy, cx, digest]) => {
      copyChunk(await layers.chunk(layerId, digest), edge, cy, cx, labels, box);
    }),
  );
  return labels;
}

/** Copy what a chunk shares with a box into the labels of the box. */
export function copyChunk(
  chunk: Uint32Array,
  edge: number,
  cy: number,
  cx: number,
  labels: Uint32Array,
  box: Box,
): void {
  const width = box.col1 - box.col0;
  const from = Math.max(box.col0, cx * edge);
  const to = Math.min(box.col1, (cx + 1) * edge);
  for (
    let row = Math.max(box.row0, cy * edge);
    row < Math.min(box.row1, (cy + 1) * edge);
    row += 1
  ) {
    const source = (row - cy * edge) * edge;
    labels.set(
      chunk.subarray(source + from - cx * edge, source + to - cx * edge),
      (row - box.row0) * width + from - box.col0,
    );
  }
}

/** Draw lines around the objects of a crop that is shown `zoom` times as large. */
export function drawOutline(
  canvas: HTMLCanvasElement,
  labels: Uint32Array,
  zoom: number,
  colour: Colour,
): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const lines = outlines(labels, canvas.width / zoom);
  context.strokeStyle = `rgb(${colour.join(" ")})`;
  // Two pixels wide: one alone is lost when the picture is shown smaller than it is drawn.
  context.lineWidth = 2;
  context.lineCap = "square";
  context.beginPath();
  for (let at = 0; at + 3 < lines.length; at += 4) {
    const [x0, y0, x1, y1] = lines.slice(at, at + 4) as [number, number, number, number];
    context.moveTo(x0 * zoom, y0 * zoom);
    context.lineTo(x1 * zoom, y1 * zoom);
  }
  context.stroke();
}

/** Lines between the labels of a crop; none along its own edge, where objects only seem to end. */
export function outlines(labels: Uint32Array, width: number): number[] {
  const height = labels.length / width;
  const within = (at: number, size: number) => Math.max(0, Math.min(at, size - 1));
  const labelAt = (x: number, y: number) =>
    labels[within(y, height) * width + within(x, width)] as number;
  return edgeLines(labelAt, rect(0, 0, width, height));
}

/** The layer with people's labels, and the box that was measured, of an image. */
export async function truthOf(imageId: string): Promise<{ layer: string; box: Box } | null> {
  const regions = await images.regions(imageId);
  const measured = regions.find((region) => region.purpose === "blind_validation") ?? regions[0];
  return measured ? { layer: measured.layer, box: measured } : null;
}
