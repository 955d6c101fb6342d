/** The past of a layer: who did what, and what it was at a moment. */

import type { ApiClient } from "./client";
import { labelsOf } from "./layers";
import type { components } from "./schema";
import type { ClassGroups, ManifestJson } from "./types";

type Schemas = components["schemas"];

/** One op of the log, without its pixels. */
export type HistoryOpJson = Schemas["OpStepOut"];
export type HistoryJson = Schemas["HistoryOut"];
/** Who made an instance and who changed it, newest first. */
export type InstanceHistoryJson = Schemas["InstanceHistoryOut"];

/** A plane as it was: chunks that are stored, and places whose chunk the server makes again. */
export interface PastManifestJson extends ManifestJson {
  remade: [cy: number, cx: number][];
}

export type HistoryQuery = Readonly<Record<string, number | undefined>>;

/** What the stores need of it; tests put a server of their own behind it. */
export interface PastApi {
  manifestAt(id: string, seq: number, t: number, z: number): Promise<PastManifestJson>;
  chunkAt(id: string, at: PastChunk): Promise<Uint32Array>;
  classesAt(id: string, seq: number): Promise<ClassGroups>;
}

export interface PastChunk {
  readonly seq: number;
  readonly t: number;
  readonly z: number;
  readonly cy: number;
  readonly cx: number;
}

export class HistoryApi implements PastApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  list(id: string, query: HistoryQuery): Promise<HistoryJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/history/`, { query });
  }

  instance(id: string, instanceId: number): Promise<InstanceHistoryJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/instances/${instanceId}/history/`);
  }

  manifestAt(id: string, seq: number, t: number, z: number): Promise<PastManifestJson> {
    return this.client.json("GET", `/api/v1/layers/${id}/chunks/`, { query: { seq, t, z } });
  }

  async chunkAt(id: string, { seq, t, z, cy, cx }: PastChunk): Promise<Uint32Array> {
    const path = `/api/v1/layers/${id}/at/${seq}/chunks/${cy}/${cx}/?t=${t}&z=${z}`;
    return labelsOf(await this.client.bytes(path));
  }

  async classesAt(id: string, seq: number): Promise<ClassGroups> {
    const path = `/api/v1/layers/${id}/at/${seq}/classes/`;
    return (await this.client.json<{ classes: ClassGroups }>("GET", path)).classes;
  }
}
