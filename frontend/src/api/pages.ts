/** What the pages ask for: images in bulk, uploads, engines, runs, versions; and their addresses. */

import * as texts from "../texts";
import { ApiClient, csrfFromCookie } from "./client";
import type {
  Engine,
  ImageCard,
  Leader,
  Paged,
  Preflight,
  Run,
  RunState,
  Split,
  StackDrafts,
  Version,
  VersionDetail,
} from "./page_types";
import type { Rounds, Selection, Suggestion, Suggestions } from "./round_types";
import { type Listening, listen } from "./sse";
import type { ModelUpload, Starter } from "./starter_types";

export interface GridQuery {
  readonly name: string;
  readonly state: string;
  readonly tag: string;
  readonly split: string;
  readonly page: number;
  readonly page_size: number;
}

export interface NewRun {
  readonly engine: string;
  readonly start: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly max_minutes: number | null;
  readonly channels: readonly number[];
}

/** What a run can be told once it is there. */
export type RunOrder = "cancel" | "pause" | "resume";

export interface ImageChange {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly split?: Split;
}

const MOST = 500;
const client = new ApiClient();

export const api = {
  project: (id: string): Promise<{ readonly tags?: readonly string[] }> =>
    client.json("GET", `/api/v1/projects/${id}/`),

  changeProject: (
    id: string,
    json: { readonly fast_drafts: boolean } | { readonly stack_drafts: StackDrafts },
  ): Promise<unknown> => client.json("PATCH", `/api/v1/projects/${id}/`, { json }),

  images: (project: string, query: Partial<GridQuery>): Promise<Paged<ImageCard>> =>
    client.json("GET", `/api/v1/projects/${project}/images/`, { query: { ...query } }),

  image: (id: string): Promise<ImageCard> => client.json("GET", `/api/v1/images/${id}/`),

  changeImage: (id: string, json: ImageChange): Promise<ImageCard> =>
    client.json("PATCH", `/api/v1/images/${id}/`, { json }),

  removeImage: (id: string): Promise<void> => client.json("DELETE", `/api/v1/images/${id}/`),

  retryImage: (id: string): Promise<ImageCard> =>
    client.json("POST", `/api/v1/images/${id}/retry/`),

  suggestions: (project: string): Promise<Suggestions> =>
    client.json("GET", `/api/v1/projects/${project}/suggestions/`),

  suggest: (project: string): Promise<Selection> =>
    client.json("POST", `/api/v1/projects/${project}/suggestions/`, { json: {} }),

  takeSuggestion: (id: string): Promise<Suggestion> =>
    client.json("POST", `/api/v1/suggestions/${id}/take/`),

  dismissSuggestion: (id: string): Promise<Suggestion> =>
    client.json("POST", `/api/v1/suggestions/${id}/dismiss/`),

  rounds: (project: string): Promise<Rounds> =>
    client.json("GET", `/api/v1/projects/${project}/rounds/`),

  leaderboard: (project: string): Promise<readonly Leader[]> =>
    client.json("GET", `/api/v1/projects/${project}/leaderboard/`),

  engines: (): Promise<readonly Engine[]> => every(client.json("GET", "/api/v1/engines/")),

  runs: (project: string): Promise<readonly Run[]> =>
    every(client.json("GET", `/api/v1/projects/${project}/runs/`, { query: { page_size: MOST } })),

  run: (id: string): Promise<Run> => client.json("GET", `/api/v1/runs/${id}/`),

  startRun: (project: string, json: NewRun): Promise<Run> =>
    client.json("POST", `/api/v1/projects/${project}/runs/`, { json }),

  checkRun: (project: string, json: NewRun): Promise<Preflight> =>
    client.json("POST", `/api/v1/projects/${project}/runs/check/`, { json }),

  /** Asks a run to stop for good, to stand still, or to go on. */
  tellRun: (id: string, what: RunOrder): Promise<Run> =>
    client.json("POST", `/api/v1/runs/${id}/${what}/`),

  versions: (project: string): Promise<readonly Version[]> =>
    every(
      client.json("GET", `/api/v1/projects/${project}/versions/`, { query: { page_size: MOST } }),
    ),

  version: (id: string): Promise<VersionDetail> => client.json("GET", `/api/v1/versions/${id}/`),

  starters: (): Promise<readonly Starter[]> => client.json("GET", "/api/v1/starters/"),

  startersOf: (project: string): Promise<readonly ModelUpload[]> =>
    client.json("GET", `/api/v1/projects/${project}/starters/`),

  addStarter: (project: string, name: string, channels: readonly number[]): Promise<ModelUpload> =>
    client.json("POST", `/api/v1/projects/${project}/starters/`, { json: { name, channels } }),

  /** Whether a project has any version. */
  hasVersion: async (project: string): Promise<boolean> => {
    const path = `/api/v1/projects/${project}/versions/`;
    const found: Paged<Version> = await client.json("GET", path, { query: { page_size: 1 } });
    return found.count > 0;
  },

  uploadVersion: (project: string, form: FormData): Promise<unknown> =>
    client.json("POST", `/api/v1/projects/${project}/versions/`, { body: form }),

  predict: (
    project: string,
    version: string,
    images: readonly string[] | null,
    keepMaps: boolean,
  ): Promise<readonly { readonly state: RunState }[]> =>
    client.json("POST", `/api/v1/projects/${project}/predictions/`, {
      json: { version, images, keep_maps: keepMaps },
    }),

  repeatEvaluation: (evaluation: string): Promise<unknown> =>
    client.json("POST", `/api/v1/evaluations/${evaluation}/repeat/`),

  cancelPredictions: (project: string, version: string): Promise<unknown> =>
    client.json("POST", `/api/v1/projects/${project}/predictions/cancel/`, { json: { version } }),
};

/** A list, whether it came as one or as the first page. */
async function every<T>(answer: Promise<Paged<T> | readonly T[]>): Promise<readonly T[]> {
  const got = await answer;
  return "results" in got ? got.results : got;
}

export const address = {
  editor: (image: string) => `/images/${image}/`,
  project: (project: string) => `/projects/${project}/`,
  region: (image: string, region: string) => `/images/${image}/?region=${region}`,
  run: (id: string) => `/runs/${id}/`,
  version: (id: string) => `/versions/${id}/`,
  trainFrom: (project: string, engine: string, version: string) =>
    `/projects/${project}/training/?engine=${engine}&start=version:${version}`,
  training: (project: string) => `/projects/${project}/training/`,
  starters: (project: string) => `/projects/${project}/training/#starters`,
  thumbnail: (image: string) => `/api/v1/images/${image}/thumbnail/`,
  example: (id: string) => `/api/v1/examples/${id}/`,
  uploads: (project: string) => `/api/v1/projects/${project}/uploads/`,
  manifest: (set: string) => `/api/v1/training-sets/${set}/`,
  download: (version: string) => `/api/v1/versions/${version}/download/`,
};

export type News = (type: string, data: Readonly<Record<string, unknown>>) => void;

const PROJECT_NEWS = [
  ...["image", "draft", "region", "run", "version", "evaluation", "prediction"],
  ...["selection", "round", "upload"],
];

interface Room {
  readonly hearers: Set<News>;
  readonly listening: Listening;
}

const rooms = new Map<string, Room>();

/**
 * Everything that happens in a project. After a gap the listener hears "resync".
 *
 * All parts of a page share one connection: a browser gives a site only six, for all its tabs.
 */
export function projectNews(project: string, hear: News): Listening {
  const room = rooms.get(project) ?? openRoom(project);
  room.hearers.add(hear);
  return {
    close() {
      room.hearers.delete(hear);
      if (room.hearers.size > 0 || rooms.get(project) !== room) return;
      room.listening.close();
      rooms.delete(project);
    },
    restart: () => room.listening.restart(),
  };
}

function openRoom(project: string): Room {
  const hearers = new Set<News>();
  const tell: News = (type, data) => {
    for (const hear of hearers) hear(type, data);
  };
  const listening = news(`/api/v1/projects/${project}/events/`, PROJECT_NEWS, tell);
  const room = { hearers, listening };
  rooms.set(project, room);
  return room;
}

/** Everything that happens to a run. */
export function runNews(run: string, hear: News): Listening {
  return news(`/api/v1/runs/${run}/events/`, ["epoch", "state", "log"], hear);
}

function news(url: string, types: readonly string[], hear: News): Listening {
  const on = Object.fromEntries(
    [...types, "message", "resync"].map((type) => [
      type,
      (data: unknown) => hear(type, data as Record<string, unknown>),
    ]),
  );
  return listen({
    url: () => url,
    on,
    onMissed: () => hear("resync", {}),
  });
}

/** Headers that an upload sends beside its bytes. */
export function uploadHeaders(): Record<string, string> {
  return { "X-CSRFToken": csrfFromCookie() };
}

/** The sentence to show for whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : texts.server.didNotWork;
}
