/** How a person looks at images: settings of a project, bookmarks of an image. */
import type { ApiClient } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ChannelLook = Schemas["ChannelLook"];
export type ViewSettings = Schemas["ViewSettingsJson"];
export type PlaceJson = Schemas["Place"];
export type BookmarkJson = Schemas["BookmarkOut"];

export class ViewApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  settings(projectId: string): Promise<ViewSettings> {
    return this.client.json("GET", `/api/v1/projects/${projectId}/view-settings/`);
  }

  /** @param isLeaving the page is being left: the request outlives it */
  keep(projectId: string, settings: ViewSettings, isLeaving = false): Promise<ViewSettings> {
    const path = `/api/v1/projects/${projectId}/view-settings/`;
    return this.client.json("PUT", path, { json: settings, keepalive: isLeaving });
  }

  bookmarks(imageId: string): Promise<BookmarkJson[]> {
    return this.client.json("GET", `/api/v1/images/${imageId}/bookmarks/`);
  }

  addBookmark(imageId: string, name: string, place: PlaceJson): Promise<BookmarkJson> {
    const path = `/api/v1/images/${imageId}/bookmarks/`;
    return this.client.json("POST", path, { json: { name, place } });
  }

  changeBookmark(
    id: string,
    change: { readonly name?: string; readonly is_shared?: boolean },
  ): Promise<BookmarkJson> {
    return this.client.json("PATCH", `/api/v1/bookmarks/${id}/`, { json: change });
  }

  deleteBookmark(id: string): Promise<void> {
    return this.client.json("DELETE", `/api/v1/bookmarks/${id}/`);
  }
}
