/** A server in memory with the rules of the real one: guard, one order, idempotence, stream. */

import { ApiError, NetworkError } from "../../src/api/client";
import {
  fromBase64,
  type GivenClass,
  type LayerApi,
  type LayerEvents,
  packOps,
  toBase64,
} from "../../src/api/layers";
import type {
  AcceptedJson,
  AcceptJson,
  ClassGroups,
  InstanceStateJson,
  InstancesJson,
  LayerJson,
  ManifestJson,
  OpJson,
  OpsAnswerJson,
  OutgoingOp,
} from "../../src/api/types";
import { type Rect, rect } from "../../src/geometry/rect";
import {
  CHUNK,
  CHUNK_PIXELS,
  type ChunkKey,
  ChunkMap,
  chunkCol,
  chunkRow,
  keysIn,
} from "../../src/labels/chunks";
import { decodeEdit, encodeEdit } from "../../src/labels/codec";
import { gunzip, gzip } from "../../src/labels/gzip";
import { InstanceTable } from "../../src/labels/instances";
import {
  applyEdit,
  applyRuns,
  type Edit,
  invertEdit,
  invertRuns,
  pixelsIn,
  type Runs,
  revertRuns,
} from "../../src/labels/runs";
import type { PlaneRef } from "../../src/labels/spans";
import { applyClasses, grouped } from "../../src/store/classes";
import { acceptEdit } from "../../src/store/edits";
import { placesOf } from "../../src/store/relabel_many";

export interface Trouble {
  /** Fail before anything is done. */
  dropRequest: number;
  /** Do it, and lose the answer. */
  dropAnswer: number;
  /** Lose an event of the stream. */
  dropEvent: number;
  /** Answer every request with this. */
  error: ApiError | null;
  /** Answer only chunk reads with a failure. */
  noChunks: boolean;
  /** Take no op for the time being. */
  noPosts: boolean;
  isDown: boolean;
}

export class ReferenceServer implements LayerApi {
  /** Of the first plane. */
  readonly chunks = new ChunkMap();
  private readonly planes = new Map([["0/0", this.chunks]]);
  readonly table: InstanceTable;
  readonly log: OpJson[] = [];
  readonly blobs = new Map<string, Uint32Array>();
  readonly decisions: { layer: string; ids: number[]; state: InstanceStateJson }[] = [];
  readonly trouble: Trouble = {
    dropRequest: 0,
    dropAnswer: 0,
    dropEvent: 0,
    error: null,
    noChunks: false,
    noPosts: false,
    isDown: false,
  };
  nPosts = 0;
  largestBatch = 0;
  maxOpsPerPost = Infinity;
  maxBytesPerPost = Infinity;
  private readonly listeners = new Set<{ user: string; handlers: LayerEvents }>();
  private readonly random: () => number;
  private nextId = 1;
  private digest = 0;
  readonly width: number;
  readonly height: number;
  readonly kind: "annotation" | "prediction";
  /** Drafts by id, asked through the same door. */
  readonly drafts = new Map<string, ReferenceServer>();

  constructor(
    random: () => number = Math.random,
    width = 1024,
    height = 1024,
    kind: "annotation" | "prediction" = "annotation",
  ) {
    this.random = random;
    this.width = width;
    this.height = height;
    this.kind = kind;
    this.table = new InstanceTable(kind === "annotation" ? "accepted" : "proposed");
    this.chunksOf(0, 0);
  }

  /** The pixels of a plane. */
  chunksOf(t: number, z: number): ChunkMap {
    const chunks = this.planes.get(`${t}/${z}`) ?? new ChunkMap();
    this.planes.set(`${t}/${z}`, chunks);
    for (const key of keysIn(this.bounds, this.width, this.height)) {
      if (!chunks.has(key)) chunks.set(key, null);
    }
    return chunks;
  }

  get bounds(): Rect {
    return rect(0, 0, this.width, this.height);
  }

  /** What is asked for takes a moment, may fail, and meets the state at the time it arrives. */
  private async visit(): Promise<void> {
    await new Promise((done) => setTimeout(done, this.random() * 3));
    if (this.trouble.error) throw this.trouble.error;
    if (this.trouble.isDown || this.random() < this.trouble.dropRequest) throw new NetworkError();
  }

  private of(id: string): ReferenceServer {
    return this.drafts.get(id) ?? this;
  }

  async layer(id: string): Promise<LayerJson> {
    const { kind, log, height, width } = this.of(id);
    const seq = log.length;
    return { id, image: "image", kind, name: id, seq, height, width, chunk: CHUNK, created_at: "" };
  }

  async manifest(id: string, t = 0, z = 0): Promise<ManifestJson> {
    const server = this.of(id);
    const chunks: ManifestJson["chunks"] = [];
    const held = server.chunksOf(t, z);
    for (const key of held.keys()) {
      const labels = held.get(key) as Uint32Array;
      if (labels.every((label) => label === 0)) continue;
      const digest = `d${++server.digest}`;
      server.blobs.set(digest, labels.slice());
      chunks.push([chunkRow(key), chunkCol(key), digest]);
    }
    const answer = { seq: server.log.length, chunks };
    await new Promise((done) => setTimeout(done, this.random() * 3));
    return answer;
  }

  async chunk(id: string, digest: string): Promise<Uint32Array> {
    await this.visit();
    if (this.trouble.noChunks) throw new NetworkError();
    const labels = this.of(id).blobs.get(digest);
    if (!labels) throw new ApiError(404, { code: "not_found", message: "No such chunk." });
    return labels.slice();
  }

  async instances(id: string): Promise<InstancesJson> {
    const { table, log } = this.of(id);
    const rows = [...table.ids()].map((one) => table.get(one)).filter((row) => row !== undefined);
    return {
      seq: log.length,
      instance_id: rows.map((row) => row.id),
      area_px: rows.map((row) => row.areaPx),
      row0: rows.map((row) => row.box.y0),
      col0: rows.map((row) => row.box.x0),
      row1: rows.map((row) => row.box.y1),
      col1: rows.map((row) => row.box.x1),
      state: rows.map((row) => row.state),
      score: rows.map((row) => row.score),
      class_name: rows.map((row) => row.className),
      t: rows.map((row) => row.t),
      z: rows.map((row) => row.z),
      depth: rows.map((row) => row.depth),
    };
  }

  async reserveIds(_id: string, count: number): Promise<{ first: number; count: number }> {
    await this.visit();
    const first = this.nextId;
    this.nextId += count;
    return { first, count };
  }

  async sendOps(_id: string, session: string, ops: readonly OutgoingOp[]): Promise<OpsAnswerJson> {
    await this.visit();
    if (this.trouble.noPosts) throw new ApiError(503, { code: "busy", message: "Not now." });
    this.nPosts++;
    this.largestBatch = Math.max(this.largestBatch, ops.length);
    const isTooLong = packOps(session, ops).length > this.maxBytesPerPost;
    if (ops.length > this.maxOpsPerPost || isTooLong) {
      throw new ApiError(413, { code: "too_large", message: "The request is too large." });
    }
    if (packOps(session, ops).length > 8 << 20) throw new Error("too large");
    const results: OpsAnswerJson["results"] = [];
    for (const op of ops) {
      const known = this.log.find((row) => row.session === session && row.n === op.n);
      const row = known ?? (await this.append(session, op));
      const body = row.n_refused > 0 ? row.body : null;
      results.push({ n: op.n, seq: row.seq, n_refused: row.n_refused, body });
    }
    if (this.random() < this.trouble.dropAnswer) throw new NetworkError();
    return { seq: this.log.length, results };
  }

  private tail: Promise<unknown> = Promise.resolve();

  /** One transaction after another. */
  private append(session: string, op: OutgoingOp): Promise<OpJson> {
    const done = this.tail.then(() => this.apply(session, op));
    this.tail = done.catch(() => undefined);
    return done;
  }

  private async apply(session: string, op: OutgoingOp): Promise<OpJson> {
    const known = this.log.find((row) => row.session === session && row.n === op.n);
    if (known) return known;
    const edit = decodeEdit(await gunzip(op.body));
    if (op.kind === "poison") throw new ApiError(400, { code: "invalid", message: "Not an op." });
    const accepted = applyEdit(this.chunksOf(op.t, op.z), await this.permitted(op, edit));
    const body = toBase64(await gzip(encodeEdit(accepted)));
    this.table.countEdit(accepted, 1, op);
    const classes = { ...this.acceptedClasses(op), ...op.meta.classes };
    const hasClasses = applyClasses(this.table, classes).length > 0;
    const nPixels = pixelsIn(accepted);
    const row: OpJson = {
      seq: this.log.length + 1,
      session,
      n: op.n,
      user: 1,
      kind: op.kind,
      t: op.t,
      z: op.z,
      body,
      meta: hasClasses ? { ...op.meta, classes } : op.meta,
      n_pixels: nPixels,
      n_refused: pixelsIn(edit) - nPixels,
      created_at: "",
    };
    this.log.push(row);
    for (const one of op.meta.accepts ?? []) {
      const state = op.meta.edits_draft ? "edited" : "accepted";
      this.drafts.get(one.layer)?.table.setState(one.instance_id, state);
    }
    for (const { handlers } of this.listeners) {
      setTimeout(() => {
        if (this.random() >= this.trouble.dropEvent) handlers.onOp(row);
      }, this.random() * 5);
    }
    return row;
  }

  /** An undo changes only pixels that its op changed. */
  private async permitted({ meta }: OutgoingOp, edit: Edit): Promise<Edit> {
    const name = meta.undo_of ?? meta.redo_of;
    const done = this.log.find((row) => row.session === name?.session && row.n === name.n);
    return done ? partOf(edit, invertEdit(await editOf(done))) : edit;
  }

  /** The class of a draft's instance comes along when it is accepted. */
  private acceptedClasses({ meta }: OutgoingOp): ClassGroups {
    const named = (meta.accepts ?? []).map(({ layer, instance_id, new_id }) => {
      const name = this.drafts.get(layer)?.table.classOf(instance_id) ?? "";
      return [new_id, name] as const;
    });
    return grouped(named.filter(([, name]) => name !== ""));
  }

  async opsAfter(_id: string, seq: number): Promise<OpJson[]> {
    await this.visit();
    return this.log.slice(seq, seq + 20);
  }

  async decide(id: string, ids: readonly number[], state: InstanceStateJson): Promise<void> {
    await this.visit();
    this.decisions.push({ layer: id, ids: [...ids], state });
    for (const one of ids) this.of(id).table.setState(one, state);
  }

  async setClass(id: string, { ids, className }: GivenClass): Promise<void> {
    await this.visit();
    for (const one of ids) this.of(id).table.setClass(one, className);
  }

  async accept(_id: string, wanted: AcceptJson): Promise<AcceptedJson> {
    await this.visit();
    const draft = this.drafts.get(wanted.draft) as ReferenceServer;
    const first_id = this.nextId;
    const newIds = new Map(wanted.instance_ids.map((one) => [one, this.nextId++]));
    const { instance_ids, draft: layer } = wanted;
    const session = `accept ${layer} ${first_id}`;
    const meta = { first_id, instance_ids: [...instance_ids], group: session };
    for (const [n, { t, z }] of draft.places().entries()) {
      const [from, to] = [draft.chunksOf(t, z), this.chunksOf(t, z)];
      const places = placesOf([this.bounds], this.width, this.height);
      const { edit } = acceptEdit(from, to, places, newIds, wanted.preserve);
      if (edit.size === 0) continue;
      const body = await gzip(encodeEdit(edit));
      const op = { n, kind: "accept", t, z, meta, body };
      await this.append(session, op);
    }
    for (const one of instance_ids) draft.table.setState(one, "accepted");
    return { seq: this.log.length, n_accepted: newIds.size, n_skipped: 0 };
  }

  private places(): PlaneRef[] {
    return [...this.planes.keys()].map((name) => {
      const [t, z] = name.split("/").map(Number);
      return { t: t as number, z: z as number };
    });
  }

  events(id: string, after: () => number, handlers: LayerEvents) {
    const listener = { user: id, handlers };
    const connect = () => {
      this.listeners.add(listener);
      const missed = this.log.slice(after());
      setTimeout(() => {
        handlers.onOpen();
        for (const op of missed) handlers.onOp(op);
      }, 1);
    };
    connect();
    return { close: () => void this.listeners.delete(listener), restart: connect };
  }

  /** Put labels in directly, as an import or a prediction would. */
  draw(label: number, box: Rect, score: number | null = null): void {
    const columns = emptyColumns();
    for (const id of this.table.ids()) pushRow(columns, this.table, id);
    for (let y = box.y0; y < box.y1; y++) {
      for (let x = box.x0; x < box.x1; x++) {
        const key = Math.floor(y / CHUNK) * 65536 + Math.floor(x / CHUNK);
        const labels = this.chunks.writable(key) as Uint32Array;
        labels[(y % CHUNK) * CHUNK + (x % CHUNK)] = label;
      }
    }
    columns.instance_id.push(label);
    columns.area_px.push((box.x1 - box.x0) * (box.y1 - box.y0));
    columns.row0.push(box.y0);
    columns.col0.push(box.x0);
    columns.row1.push(box.y1);
    columns.col1.push(box.x1);
    columns.state.push(this.kind === "annotation" ? "accepted" : "proposed");
    columns.score.push(score);
    columns.class_name.push("");
    this.table.load(columns);
    this.nextId = Math.max(this.nextId, label + 1);
  }
}

/** What an op of the log did. */
export async function editOf({ body }: OpJson): Promise<Edit> {
  return decodeEdit(await gunzip(fromBase64(body)));
}

/** The changes of `edit` that are among those of `limit`. */
export function partOf(edit: Edit, limit: Edit): Edit {
  const part = new Map<ChunkKey, Runs>();
  for (const [key, runs] of edit) {
    const allowed = limit.get(key);
    if (!allowed) continue;
    const sameOld = applyRuns(oldLabels(allowed), runs);
    const same = applyRuns(oldLabels(invertRuns(allowed)), invertRuns(sameOld));
    if (same.count > 0) part.set(key, invertRuns(same));
  }
  return part;
}

/** A chunk that holds the old labels of some runs and nothing else. */
function oldLabels(runs: Runs): Uint32Array {
  const labels = new Uint32Array(CHUNK_PIXELS).fill(NO_LABEL);
  revertRuns(labels, runs);
  return labels;
}

const NO_LABEL = 2 ** 32 - 1;

function emptyColumns(): InstancesJson {
  return {
    seq: 0,
    instance_id: [],
    area_px: [],
    row0: [],
    col0: [],
    row1: [],
    col1: [],
    state: [],
    score: [],
    class_name: [],
  };
}

function pushRow(columns: InstancesJson, table: InstanceTable, id: number): void {
  const row = table.get(id);
  if (!row) return;
  columns.instance_id.push(id);
  columns.area_px.push(row.areaPx);
  columns.row0.push(row.box.y0);
  columns.col0.push(row.box.x0);
  columns.row1.push(row.box.y1);
  columns.col1.push(row.box.x1);
  columns.state.push(row.state);
  columns.score.push(row.score);
  columns.class_name.push(row.className);
}

/** Pixels per label, counted. */
export function recount(chunks: ChunkMap): Map<number, number> {
  const areas = new Map<number, number>();
  for (const key of chunks.keys() as ChunkKey[]) {
    const labels = chunks.get(key) as Uint32Array;
    for (let i = 0; i < CHUNK_PIXELS; i++) {
      const label = labels[i] as number;
      if (label !== 0) areas.set(label, (areas.get(label) ?? 0) + 1);
    }
  }
  return areas;
}

/** Reproducible random numbers (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
