/** One object for one click or box: asked of a model's worker, which answers when it can. */

import type { ApiClient } from "./client";
import type { components } from "./schema";

export type PromptAsked = components["schemas"]["PromptInRequest"];
export type PromptAnswer = components["schemas"]["PromptOut"];
export type MapAsked = components["schemas"]["MapInRequest"];
export type MapAnswer = components["schemas"]["MapOut"];
/** A model that answers prompts and knows no project. */
export type PrompterJson = components["schemas"]["PrompterOut"];
type EngineJson = components["schemas"]["EngineOut"];

/** Pauses between looks for the answer; the last one repeats. */
const PAUSES_MS = [60, 100, 100, 150, 150, 200, 300] as const;
/** A worker that has not answered by then is gone, or busy with something long. */
const PATIENCE_MS = 110_000;

export class PromptApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  /**
   * Ask, and wait for the answer.
   *
   * @param onWaiting told once when the answer is not there at once
   */
  ask(
    imageId: string,
    asked: PromptAsked,
    signal: AbortSignal,
    onWaiting: (answer: PromptAnswer) => void,
  ): Promise<PromptAnswer> {
    return this.await(`/api/v1/images/${imageId}/prompts/`, asked, signal, onWaiting);
  }

  /** Ask for a map of a part of an image, and wait until it is made. */
  map(imageId: string, asked: MapAsked, signal: AbortSignal): Promise<MapAnswer> {
    return this.await(`/api/v1/images/${imageId}/maps/`, asked, signal, () => undefined);
  }

  async mapPicture(imageId: string, id: string, signal: AbortSignal): Promise<ImageBitmap> {
    const path = `/api/v1/images/${imageId}/maps/${id}/picture/`;
    const bytes = await this.client.bytes(path, { signal });
    return createImageBitmap(new Blob([bytes], { type: "image/png" }));
  }

  prompters(): Promise<readonly PrompterJson[]> {
    return this.client.json("GET", "/api/v1/prompters/");
  }

  engines(): Promise<readonly EngineJson[]> {
    return this.client.json("GET", "/api/v1/engines/");
  }

  private async await<T extends { id: string; state: string }>(
    path: string,
    asked: unknown,
    signal: AbortSignal,
    onWaiting: (answer: T) => void,
  ): Promise<T> {
    let answer = await this.client.json<T>("POST", path, { json: asked, signal });
    const end = Date.now() + PATIENCE_MS;
    if (answer.state === "waiting") onWaiting(answer);
    for (let n = 0; answer.state === "waiting" && Date.now() < end; n++) {
      await pause(PAUSES_MS[Math.min(n, PAUSES_MS.length - 1)] as number, signal);
      answer = await this.client.json<T>("GET", `${path}${answer.id}/`, { signal });
    }
    return answer;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
