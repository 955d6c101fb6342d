/** One object for one click or box: asked of a model's worker, which answers when it can. */

import type { ApiClient } from "./client";
import type { components } from "./schema";

export type PromptAsked = components["schemas"]["PromptInRequest"];
export type PromptAnswer = components["schemas"]["PromptOut"];

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
  async ask(
    imageId: string,
    asked: PromptAsked,
    signal: AbortSignal,
    onWaiting: (answer: PromptAnswer) => void,
  ): Promise<PromptAnswer> {
    const path = `/api/v1/images/${imageId}/prompts/`;
    let answer = await this.client.json<PromptAnswer>("POST", path, { json: asked, signal });
    const end = Date.now() + PATIENCE_MS;
    if (answer.state === "waiting") onWaiting(answer);
    for (let n = 0; answer.state === "waiting" && Date.now() < end; n++) {
      await pause(PAUSES_MS[Math.min(n, PAUSES_MS.length - 1)] as number, signal);
      answer = await this.client.json<PromptAnswer>("GET", `${path}${answer.id}/`, { signal });
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
