/** Label layers: reading chunks and instances, sending ops, the stream of accepted ops. */

import { ChunkRequests } from "./chunk_requests";
import type { ApiClient } from "./client";
import { type EventSourceMaker, type Listening, listen } from "./sse";
import type {
  AcceptedJson,
  AcceptJson,
  DifferencesJson,
  InstanceStateJson,
  InstancesJson,
  LayerJson,
  ManifestJson,
  OpJson,
  OpsAnswerJson,
  OutgoingOp,
  PresenceIn,
  PresenceJson,
} from "./types";

export interface LayerEvents {
  onOp(op: OpJson): void;
  onInstances(): void;
  /** Somebody's editor tells where it is; ours too. */
  onPresence?(news: PresenceJson): void;
  /** News may have been missed: read what came after the newest known op. */
  onResync(): void;
  onOpen(): void;
  onBroken(): void;
}

/** A class, "" for unknown; an undo `restores` also one that the project does not have. */
export interface GivenClass {
  readonly ids: readonly number[];
  readonly className: string;
  readonly restores: boolean;
}

/** What the stores need of the server; tests put a server of their own behind it. */
export interface LayerApi {
  layer(id: string): Promise<LayerJson>;
  manifest(id: string, t: number, z: number): Promise<ManifestJson>;
  chunk(id: string, digest: string): Promise<Uint32Array>;
  instances(id: string): Promise<InstancesJson>;
  reserveIds(id: string, count: number): Promise<{ first: number; count: number }>;
  sendOps(id: string, session: string, ops: readonly OutgoingOp[]): Promise<OpsAnswerJson>;
  opsAfter(id: string, seq: number): Promise<OpJson[]>;
  decide(id: string, ids: readonly number[], state: InstanceStateJson): Promise<void>;
  /** Give instances of a draft a class. */
  setClass(id: string, given: GivenClass): Promise<void>;
  /** Copy a draft's instances into this layer, in every plane that they span. */
  accept(id: string, wanted: AcceptJson): Promise<AcceptedJson>;
  /** @param after asked anew at every (re)connection */
  events(id: string, after: () => number, handlers: LayerEvents): Listening;
}

/** What of two layers is compared. */
export interface DifferencesQuery {
  readonly other: string;
  readonly t: number;
  readonly z: number;
  /** row0,col0,row1,col1; without it the whole plane. */
  readonly box?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export class RestLayerApi implements LayerApi {
  private readonly client: ApiClient;
  private readonly chunks: ChunkRequests;
  private readonly source: EventSourceMaker | undefined;

  constructor(client: ApiClient, source?: EventSourceMaker) {
    this.client = client;
    this.chunks = new ChunkRequests((path) => client.bytes(path));
    this.source = source;
  }

  layer(id: string): Promise<LayerJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/`);
  }

  ofImage(imageId: string): Promise<LayerJson[]> {
    return this.client.json("GET", `/api/v1/images/${imageId}/layers/`);
  }

  manifest(id: string, t: number, z: number): Promise<ManifestJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/chunks/`, { query: { t, z } });
  }

  async chunk(id: string, digest: string): Promise<Uint32Array> {
    return labelsOf(await this.chunks.get(id, digest));
  }

  instances(id: string): Promise<InstancesJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/instances/`);
  }

  reserveIds(id: string, count: number): Promise<{ first: number; count: number }> {
    return this.client.json("POST", `/api/v1/layers/${id}/ids/`, { json: { count } });
  }

  sendOps(id: string, session: string, ops: readonly OutgoingOp[]): Promise<OpsAnswerJson> {
    const body = packOps(session, ops);
    return this.client.json("POST", `/api/v1/layers/${id}/ops/`, {
      body: body as Uint8Array<ArrayBuffer>,
      contentType: "application/vnd.cytoloop.ops",
    });
  }

  async opsAfter(id: string, seq: number): Promise<OpJson[]> {
    const path = `/api/v1/layers/${id}/ops/`;
    const answer = await this.client.json<{ ops: OpJson[] }>("GET", path, {
      query: { after: seq, limit: 200 },
    });
    return answer.ops;
  }

  async decide(id: string, ids: readonly number[], state: InstanceStateJson): Promise<void> {
    await this.client.json("POST", `/api/v1/layers/${id}/instances/decide/`, {
      json: { instance_ids: ids, state },
    });
  }

  async setClass(id: string, { ids, className, restores }: GivenClass): Promise<void> {
    await this.client.json("POST", `/api/v1/layers/${id}/classes/`, {
      json: { instance_ids: ids, class_name: className, restores },
    });
  }

  accept(id: string, wanted: AcceptJson): Promise<AcceptedJson> {
    return this.client.json("POST", `/api/v1/layers/${id}/accept/`, { json: wanted });
  }

  differences(id: string, wanted: DifferencesQuery): Promise<DifferencesJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/differences/`, { query: { ...wanted } });
  }

  /** Tell the others where this editor is; `isLast` outlives the page. */
  async announce(id: string, presence: PresenceIn, isLast = false): Promise<void> {
    await this.client.json("POST", `/api/v1/layers/${id}/presence/`, {
      json: presence,
      keepalive: isLast,
    });
  }

  events(id: string, after: () => number, handlers: LayerEvents): Listening {
    return listen({
      url: () => `${this.client.base}/api/v1/layers/${id}/events/?after=${after()}`,
      on: {
        op: (data) => handlers.onOp(data as OpJson),
        instances: () => handlers.onInstances(),
        presence: (data) => handlers.onPresence?.(data as PresenceJson),
        resync: () => handlers.onResync(),
      },
      onOpen: () => handlers.onOpen(),
      onBroken: () => handlers.onBroken(),
      ...(this.source ? { source: this.source } : {}),
    });
  }
}

/** u32 little-endian header length, JSON header, then the bodies one after another. */
export function packOps(session: string, ops: readonly OutgoingOp[]): Uint8Array {
  const header = new TextEncoder().encode(
    JSON.stringify({
      session,
      ops: ops.map(({ n, kind, t, z, body, meta }) => ({ n, kind, t, z, size: body.length, meta })),
    }),
  );
  const size = ops.reduce((sum, op) => sum + op.body.length, 4 + header.length);
  const packed = new Uint8Array(size);
  new DataView(packed.buffer).setUint32(0, header.length, true);
  packed.set(header, 4);
  let at = 4 + header.length;
  for (const { body } of ops) {
    packed.set(body, at);
    at += body.length;
  }
  return packed;
}

/** Raw little-endian uint32, whatever the byte order of this machine. */
export function labelsOf(bytes: ArrayBuffer): Uint32Array {
  if (LITTLE_ENDIAN) return new Uint32Array(bytes);
  const view = new DataView(bytes);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(i * 4, true));
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
