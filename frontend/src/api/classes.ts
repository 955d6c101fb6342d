/** The classes of a project. */

import type { ApiClient } from "./client";
import type { ClassChange, ClassDetail, ClassJson, NewClass } from "./types";

export class ClassApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  list(projectId: string): Promise<ClassJson[]> {
    return this.client.json("GET", `/api/v1/projects/${projectId}/classes/`);
  }

  add(projectId: string, added: NewClass): Promise<ClassJson> {
    return this.client.json("POST", `/api/v1/projects/${projectId}/classes/`, { json: added });
  }

  change(id: string, change: ClassChange): Promise<ClassJson> {
    return this.client.json("PATCH", `/api/v1/classes/${id}/`, { json: change });
  }

  /** A class with how many objects have it. */
  read(id: string): Promise<ClassDetail> {
    return this.client.json("GET", `/api/v1/classes/${id}/`);
  }

  /** @param replaceBy name of the class that its objects get, "" for none; without it none may have it */
  remove(id: string, replaceBy?: string): Promise<void> {
    // Written out: an empty name is an answer too.
    const query = replaceBy === undefined ? "" : `?replace_by=${encodeURIComponent(replaceBy)}`;
    return this.client.json("DELETE", `/api/v1/classes/${id}/${query}`);
  }
}
