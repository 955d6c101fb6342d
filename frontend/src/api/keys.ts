/** The keys of the editor that a person has chosen. */
import type { ApiClient } from "./client";
import type { components } from "./schema";

export type KeysJson = components["schemas"]["KeysJson"];

const PATH = "/api/v1/me/keys/";

export class KeyApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  read(): Promise<KeysJson> {
    return this.client.json("GET", PATH);
  }

  /** Keep what differs from the editor's own; the request outlives the page. */
  keep(keys: KeysJson["keys"]): Promise<KeysJson> {
    return this.client.json("PUT", PATH, { json: { keys }, keepalive: true });
  }
}
