/**
 * The wire form of an edit, version 1, byte for byte the one of annotations/labels/ops.py:
 *
 *     1, T, label x T, C, {cy, cx, R, {skip, length, before * T + after} x R} x C
 *
 * Unsigned LEB128 numbers; table and chunks ascend. Shared vectors: tests/contracts.
 */

import { CHUNK_PIXELS, type ChunkKey, chunkCol, chunkKey, chunkRow } from "./chunks";
import { type Edit, newRuns, type Runs } from "./runs";

const OP_VERSION = 1;
/** The server takes no more in one op; larger edits are split (see `splitEdit`). */
const MAX_LABELS = 65536;
const MAX_CHUNKS = 256;
const MAX_LABEL = 0xffffffff;
const MAX_NUMBER_BYTES = 5;

/** Bytes that are not an op of version 1. */
export class CodecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CodecError";
  }
}

class Writer {
  private bytes = new Uint8Array(1024);
  private size = 0;

  number(value: number): void {
    if (this.size + MAX_NUMBER_BYTES > this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    // Division, not shifts: labels and pairs may pass 2^31.
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.size++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.size++] = rest;
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }
}

/** Labels that an edit names, ascending. */
export function labelsIn(edit: Edit): number[] {
  const labels = new Set<number>();
  for (const runs of edit.values()) {
    for (const label of runs.before) labels.add(label);
    for (const label of runs.after) labels.add(label);
  }
  return [...labels].sort((a, b) => a - b);
}

export function encodeEdit(edit: Edit): Uint8Array {
  const table = labelsIn(edit);
  if (table.length > MAX_LABELS) throw new CodecError("The edit names too many labels.");
  const place = new Map(table.map((label, index) => [label, index]));
  const keys = [...edit.keys()].filter((key) => (edit.get(key)?.count ?? 0) > 0);
  keys.sort((a, b) => a - b);
  const out = new Writer();
  out.number(OP_VERSION);
  out.number(table.length);
  for (const label of table) out.number(label);
  out.number(keys.length);
  for (const key of keys) writeChunk(out, key, edit.get(key) as Runs, place);
  return out.finish();
}

function writeChunk(out: Writer, key: ChunkKey, runs: Runs, place: Map<number, number>): void {
  out.number(chunkRow(key));
  out.number(chunkCol(key));
  out.number(runs.count);
  let end = 0;
  for (let r = 0; r < runs.count; r++) {
    const start = runs.start[r] as number;
    const length = runs.length[r] as number;
    out.number(start - end);
    out.number(length);
    const before = place.get(runs.before[r] as number) as number;
    out.number(before * place.size + (place.get(runs.after[r] as number) as number));
    end = start + length;
  }
}

class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_NUMBER_BYTES; i++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new CodecError("The operation ends too early.");
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && i > 0) throw new CodecError("A number is longer than it needs to be.");
        return value;
      }
      scale *= 128;
    }
    throw new CodecError("The operation holds a number that is too large.");
  }

  get left(): number {
    return this.bytes.length - this.at;
  }
}

export function decodeEdit(bytes: Uint8Array): Edit {
  const input = new Reader(bytes);
  if (input.number() !== OP_VERSION) {
    throw new CodecError("This is not a label operation of version 1.");
  }
  const table = readTable(input);
  const edit = new Map<ChunkKey, Runs>();
  const nChunks = input.number();
  const seen = new Set<ChunkKey>();
  for (let c = 0; c < nChunks; c++) {
    const [cy, cx] = [input.number(), input.number()];
    if (cy > 65535 || cx > 65535) throw new CodecError("A chunk lies outside every image.");
    const key = chunkKey(cy, cx);
    if (seen.has(key)) throw new CodecError("The operation names a chunk twice.");
    seen.add(key);
    const runs = readRuns(input, table);
    if (runs.count > 0) edit.set(key, runs);
  }
  if (input.left > 0) throw new CodecError("Something follows the operation's last run.");
  return edit;
}

function readTable(input: Reader): number[] {
  const size = input.number();
  if (size > MAX_LABELS) throw new CodecError("The operation names too many labels.");
  if (size > input.left) throw new CodecError("The operation ends too early.");
  const table = Array.from({ length: size }, () => input.number());
  if (table.some((label) => label > MAX_LABEL)) {
    throw new CodecError("A label does not fit into 32 bits.");
  }
  if (new Set(table).size !== size) throw new CodecError("The table names a label twice.");
  return table;
}

function readRuns(input: Reader, table: readonly number[]): Runs {
  const count = input.number();
  // Checked before anything of that size is allocated: a run takes three bytes or more.
  if (count * 3 > input.left) throw new CodecError("The operation ends too early.");
  const runs = newRuns(count);
  let end = 0;
  for (let r = 0; r < count; r++) {
    const start = end + input.number();
    const length = input.number();
    const pair = input.number();
    end = start + length;
    if (length < 1) throw new CodecError("A run is empty.");
    if (end > CHUNK_PIXELS) throw new CodecError("A run leaves its chunk.");
    const before = table[Math.floor(pair / table.length)];
    const after = table[pair % table.length];
    if (before === undefined || after === undefined) {
      throw new CodecError("A run names a label that is not in the operation's table.");
    }
    if (before === after) throw new CodecError("A run changes a label into itself.");
    runs.start[r] = start;
    runs.length[r] = length;
    runs.before[r] = before;
    runs.after[r] = after;
  }
  return runs;
}

/** Cut an edit into parts that the server takes, by chunks. */
export function splitEdit(edit: Edit, maxChunks = MAX_CHUNKS): Edit[] {
  if (edit.size <= maxChunks) return [edit];
  const parts: Edit[] = [];
  const all = [...edit];
  for (let i = 0; i < all.length; i += maxChunks) {
    parts.push(new Map(all.slice(i, i + maxChunks)));
  }
  return parts;
}
