/** How far the person is in the tour of the editor. */
import type { ApiClient } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type TourStep = Schemas["TourStepEnum"];
export type TourStatus = Schemas["TourJsonStatusEnum"];
export type TourChange = Schemas["TourChangeRequest"];

export class TourApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  /** The request outlives the page: who says "not now" may leave at once. */
  keep(change: TourChange): Promise<unknown> {
    return this.client.json("PUT", "/api/v1/me/tour/", { json: change, keepalive: true });
  }
}
