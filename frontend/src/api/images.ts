/** Projects, images, regions and what the pages ask for. */

import type { ApiClient } from "./client";
import type { Suggestion, Suggestions } from "./round_types";
import { type EventSourceMaker, type Listening, listen } from "./sse";
import type {
  HistogramJson,
  ImageJson,
  NewRegion,
  Page,
  PredictionJson,
  ProjectJson,
  RegionJson,
  ViewJson,
} from "./types";

// Named events reach a listener only under their name.
const PROJECT_NEWS = [
  "message",
  "resync",
  "image",
  "draft",
  "run",
  "version",
  "evaluation",
  "prediction",
  "upload",
  "classes",
  "region",
];

export interface ImageFilter {
  state?: string;
  name?: string;
  tag?: string;
  split?: string;
  page?: number;
  page_size?: number;
}

export class ImageApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  project(id: string): Promise<ProjectJson> {
    return this.client.json("GET", `/api/v1/projects/${id}/`);
  }

  images(projectId: string, filter: ImageFilter = {}): Promise<Page<ImageJson>> {
    const path = `/api/v1/projects/${projectId}/images/`;
    return this.client.json("GET", path, { query: { ...filter } });
  }

  image(id: string): Promise<ImageJson> {
    return this.client.json("GET", `/api/v1/images/${id}/`);
  }

  /** Open an image, so that its draft is made first; the tiles' address works until `expires_at`. */
  view(id: string): Promise<ViewJson> {
    return this.client.json("POST", `/api/v1/images/${id}/view/`);
  }

  /** Where the tiles are, for a picture on a page: nobody opened the image. */
  tiles(id: string): Promise<ViewJson> {
    return this.client.json("GET", `/api/v1/images/${id}/view/`);
  }

  histogram(id: string): Promise<HistogramJson> {
    return this.client.json("GET", `/api/v1/images/${id}/histogram/`);
  }

  thumbnailUrl(id: string): string {
    return `${this.client.base}/api/v1/images/${id}/thumbnail/`;
  }

  regions(imageId: string): Promise<RegionJson[]> {
    return this.client.json("GET", `/api/v1/images/${imageId}/regions/`);
  }

  openRegion(imageId: string, region: NewRegion): Promise<RegionJson> {
    return this.client.json("POST", `/api/v1/images/${imageId}/regions/`, { json: region });
  }

  patchRegion(
    id: string,
    patch: Partial<Pick<RegionJson, "coverage" | "purpose">>,
  ): Promise<RegionJson> {
    return this.client.json("PATCH", `/api/v1/regions/${id}/`, { json: patch });
  }

  deleteRegion(id: string): Promise<void> {
    return this.client.json("DELETE", `/api/v1/regions/${id}/`);
  }

  submitRegion(id: string): Promise<RegionJson> {
    return this.client.json("POST", `/api/v1/regions/${id}/submit/`);
  }

  reopenRegion(id: string): Promise<RegionJson> {
    return this.client.json("POST", `/api/v1/regions/${id}/reopen/`);
  }

  /** What to annotate next, as chosen last. */
  suggestions(projectId: string): Promise<Suggestions> {
    return this.client.json("GET", `/api/v1/projects/${projectId}/suggestions/`);
  }

  /** Open the region of a suggestion. */
  takeSuggestion(id: string): Promise<Suggestion> {
    return this.client.json("POST", `/api/v1/suggestions/${id}/take/`);
  }

  /** Predictions of an image, newest first. */
  async predictions(imageId: string): Promise<readonly PredictionJson[]> {
    const path = `/api/v1/images/${imageId}/predictions/`;
    const page: Page<PredictionJson> = await this.client.json("GET", path, {
      query: { page_size: 500 },
    });
    return page.results;
  }

  /** Seconds of work since the session's last report; the answer says how many were believed. */
  reportActivity(
    imageId: string,
    report: { session: string; n: number; active_s: number },
    isLeaving: boolean,
  ): Promise<{ active_s: number }> {
    const path = `/api/v1/images/${imageId}/activity/`;
    return this.client.json("POST", path, { json: report, keepalive: isLeaving });
  }

  /**
   * Everything that happens in a project; `type` says what (image, draft, run …), "resync" that
   * something may have been missed.
   */
  projectEvents(
    projectId: string,
    onEvent: (event: { type: string } & Record<string, unknown>) => void,
    source?: EventSourceMaker,
  ): Listening {
    const take = (data: unknown) => onEvent(data as { type: string } & Record<string, unknown>);
    return listen({
      url: () => `${this.client.base}/api/v1/projects/${projectId}/events/`,
      on: Object.fromEntries(PROJECT_NEWS.map((name) => [name, take])),
      onMissed: () => onEvent({ type: "resync" }),
      ...(source ? { source } : {}),
    });
  }
}

/** Where a prediction is saved from as a file for other programs. */
export const filesOf = (prediction: string) => ({
  outlines: `/api/v1/predictions/${prediction}/outlines/`,
  rois: `/api/v1/predictions/${prediction}/rois/`,
  maps: `/api/v1/predictions/${prediction}/maps/`,
});
