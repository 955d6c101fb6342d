/**
 * How long a pointermove takes until its pixels stand in the label image, and the rest of a stroke.
 *
 *     npm run --silent bench      prints one JSON document; fails when the goal is missed
 *
 * A made image of 4096 x 4096 pixels with 5,000 instances; strokes of 90 moves around dense
 * instances, two coalesced points a move. Pure engine: no browser, no drawing.
 */

import { writeSync } from "node:fs";
import { imagePoint } from "../src/geometry/points";
import { rect } from "../src/geometry/rect";
import { CHUNK, chunkKey, ChunkMap, keysIn } from "../src/labels/chunks";
import { encodeEdit } from "../src/labels/codec";
import { gzip } from "../src/labels/gzip";
import { capsuleSpans, newSpans } from "../src/labels/capsule";
import { invertEdit, applyEdit } from "../src/labels/runs";
import { ruleOf } from "../src/store/open_stroke";
import { StrokePainter } from "../src/store/stroke_painter";
import type { WriteMode } from "../src/store/edit_types";

const SIZE = 4096;
const N_INSTANCES = 5000;
const N_STROKES = 12;
const N_MOVES = 90;
const BOUNDS = rect(0, 0, SIZE, SIZE);

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Round cells on a jittered grid; about a third of the image. */
function madeImage(): ChunkMap {
  const chunks = new ChunkMap();
  for (const key of keysIn(BOUNDS, SIZE, SIZE)) chunks.set(key, null);
  const random = randomFrom(1);
  const across = Math.ceil(Math.sqrt(N_INSTANCES));
  const pitch = SIZE / across;
  for (let id = 1; id <= N_INSTANCES; id++) {
    const x = ((id % across) + 0.3 + random() * 0.4) * pitch;
    const y = (Math.floor(id / across) + 0.3 + random() * 0.4) * pitch;
    disk(chunks, id, x, y, 14 + random() * 10);
  }
  return chunks;
}

function disk(chunks: ChunkMap, id: number, x: number, y: number, radius: number): void {
  const spans = capsuleSpans({ x, y }, { x, y }, radius, newSpans());
  for (let row = 0; row < spans.rows; row++) {
    const py = spans.y0 + row;
    for (let px = spans.lo[row] as number; px < (spans.hi[row] as number); px++) {
      if (px < 0 || py < 0 || px >= SIZE || py >= SIZE) continue;
      const labels = chunks.writable(chunkKey(Math.floor(py / CHUNK), Math.floor(px / CHUNK)));
      if (labels) labels[(py % CHUNK) * CHUNK + (px % CHUNK)] = id;
    }
  }
}

interface Quantiles {
  p50: number;
  p95: number;
  max: number;
}

function quantiles(values: number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  const round = (value: number) => Math.round(value * 1000) / 1000;
  return { p50: round(at(0.5)), p95: round(at(0.95)), max: round(at(1)) };
}

async function measure(chunks: ChunkMap, radius: number, mode: WriteMode) {
  const moves: number[] = [];
  const deltas: number[] = [];
  const encodings: number[] = [];
  const undos: number[] = [];
  const sizes: number[] = [];
  const random = randomFrom(radius);
  for (let s = 0; s < N_STROKES; s++) {
    const [cx, cy] = [600 + random() * (SIZE - 1200), 600 + random() * (SIZE - 1200)];
    const rule = ruleOf({ kind: "brush", instanceId: 100_000 + s, radius, mode }, 0);
    const painter = new StrokePainter(chunks, BOUNDS, rule, radius, () => undefined);
    for (let m = 0; m < N_MOVES; m++) {
      const points = [m, m + 0.5].map((step) => {
        const angle = (step / N_MOVES) * 3 * Math.PI; // one and a half turns
        return imagePoint(cx + Math.cos(angle) * 320, cy + Math.sin(angle) * 200);
      });
      const began = performance.now();
      painter.move(points);
      moves.push(performance.now() - began);
    }
    let began = performance.now();
    const edit = painter.edit();
    deltas.push(performance.now() - began);
    began = performance.now();
    const raw = encodeEdit(edit);
    encodings.push(performance.now() - began);
    painter.cut();
    sizes.push((await gzip(raw)).length);
    began = performance.now();
    applyEdit(chunks, invertEdit(edit));
    undos.push(performance.now() - began);
  }
  return {
    radius,
    mode,
    move_to_pixels_ms: quantiles(moves),
    delta_ms: quantiles(deltas),
    encode_ms: quantiles(encodings),
    undo_ms: quantiles(undos),
    op_gzip_bytes: quantiles(sizes),
  };
}

const chunks = madeImage();
const results = [];
// The first round only warms up the compiler, as the first strokes of a session do.
for (const isWarm of [false, true]) {
  for (const radius of [20, 40, 60]) {
    for (const mode of ["preserve", "overwrite"] as const) {
      const result = await measure(chunks, radius, mode);
      if (isWarm) results.push(result);
    }
  }
}
const report = {
  benchmark: "brush",
  image: [SIZE, SIZE],
  instances: N_INSTANCES,
  strokes: N_STROKES,
  moves_per_stroke: N_MOVES,
  node: process.version,
  goal: { move_to_pixels_p95_ms: 1 },
  reached: results.every((result) => result.move_to_pixels_ms.p95 <= 1),
  results,
};
writeSync(1, `${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.reached ? 0 : 1;
