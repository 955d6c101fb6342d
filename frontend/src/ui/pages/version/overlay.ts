/** A crop of an image with the outlines of label layers over it, drawn on a canvas. */

import { ApiClient } from "../../../api/client";
import { ImageApi } from "../../../api/images";
import { RestLayerApi } from "../../../api/layers";
import { tileUrl } from "../../../api/tiles";

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

/** Pixels of objects that touch another label or the background, as a mask. */
export function outlineOf(labels: Uint32Array, width: number): Uint8Array {
  const height = labels.length / width;
  const outline = new Uint8Array(labels.length);
  for (let index = 0; index < labels.length; index += 1) {
    const label = labels[index];
    if (!label) continue;
    const col = index % width;
    const row = (index - col) / width;
    const differs =
      (col > 0 && labels[index - 1] !== label) ||
      (col < width - 1 && labels[index + 1] !== label) ||
      (row > 0 && labels[index - width] !== label) ||
      (row < height - 1 && labels[index + width] !== label);
    if (differs) outline[index] = 1;
  }
  return outline;
}

/** Labels `zoom` times as large, so that an outline stays thin on a magnified picture. */
export function magnify(labels: Uint32Array, width: number, zoom: number): Uint32Array {
  const wide = width * zoom;
  const large = new Uint32Array(labels.length * zoom * zoom);
  for (let index = 0; index < large.length; index += 1) {
    const row = Math.floor(index / wide / zoom);
    const col = Math.floor((index % wide) / zoom);
    large[index] = labels[row * width + col] ?? 0;
  }
  return large;
}

export function drawOutline(
  canvas: HTMLCanvasElement,
  labels: Uint32Array,
  zoom: number,
  colour: Colour,
): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const picture = new ImageData(canvas.width, canvas.height);
  const outline = outlineOf(magnify(labels, canvas.width / zoom, zoom), canvas.width);
  for (let index = 0; index < outline.length; index += 1) {
    if (outline[index]) picture.data.set([...colour, 255], index * 4);
  }
  const layer = document.createElement("canvas");
  layer.width = canvas.width;
  layer.height = canvas.height;
  layer.getContext("2d")?.putImageData(picture, 0, 0);
  // Two pixels wide: one alone is lost when the picture is shown smaller than it is drawn.
  for (const [x, y] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    context.drawImage(layer, x, y);
  }
}

/** The layer with people's labels, and the box that was measured, of an image. */
export async function truthOf(imageId: string): Promise<{ layer: string; box: Box } | null> {
  const regions = await images.regions(imageId);
  const measured = regions.find((region) => region.purpose === "blind_validation") ?? regions[0];
  return measured ? { layer: measured.layer, box: measured } : null;
}
