/** The past of a reference server's layer, replayed from its log; its first chunk is always remade. */

import type { PastApi, PastChunk, PastManifestJson } from "../../src/api/history";
import { fromBase64 } from "../../src/api/layers";
import type { ClassGroups } from "../../src/api/types";
import { ChunkMap, chunkCol, chunkKey, chunkRow, keysIn } from "../../src/labels/chunks";
import { decodeEdit } from "../../src/labels/codec";
import { gunzip } from "../../src/labels/gzip";
import { applyEdit } from "../../src/labels/runs";
import { grouped } from "../../src/store/classes";
import type { ReferenceServer } from "./reference_server";

export class PastServer implements PastApi {
  readonly server: ReferenceServer;
  nRemade = 0;

  constructor(server: ReferenceServer) {
    this.server = server;
  }

  /** The pixels of the first plane after an op. */
  async stateAt(seq: number): Promise<ChunkMap> {
    const { width, height, bounds, log } = this.server;
    const chunks = new ChunkMap();
    for (const key of keysIn(bounds, width, height)) chunks.set(key, null);
    for (const row of log.slice(0, seq)) {
      applyEdit(chunks, decodeEdit(await gunzip(fromBase64(row.body))));
    }
    return chunks;
  }

  async manifestAt(_id: string, seq: number): Promise<PastManifestJson> {
    const state = await this.stateAt(seq);
    const chunks: PastManifestJson["chunks"] = [];
    for (const key of state.keys().slice(1)) {
      const labels = state.get(key) as Uint32Array;
      if (labels.every((label) => label === 0)) continue;
      const digest = `at ${key} ${labels.reduce((sum, one, i) => (sum * 31 + one * i) % 1e9, 7)}`;
      this.server.blobs.set(digest, labels.slice());
      chunks.push([chunkRow(key), chunkCol(key), digest]);
    }
    return { seq, chunks, remade: [[0, 0]] };
  }

  async chunkAt(_id: string, { seq, cy, cx }: PastChunk): Promise<Uint32Array> {
    this.nRemade++;
    return ((await this.stateAt(seq)).get(chunkKey(cy, cx)) as Uint32Array).slice();
  }

  async classesAt(_id: string, seq: number): Promise<ClassGroups> {
    const classOf = new Map<number, string>();
    for (const { meta } of this.server.log.slice(0, seq)) {
      for (const [name, ids] of Object.entries(meta.classes ?? {})) {
        for (const id of ids) classOf.set(id, name);
      }
    }
    return grouped(classOf);
  }
}
