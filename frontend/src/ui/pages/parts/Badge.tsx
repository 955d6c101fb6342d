/** States as words with a colour; the word alone is enough. */

import type { ImageState, RunState } from "../../../api/page_types";
import * as texts from "../../../texts/pages";

const IMAGE: Readonly<Record<ImageState, readonly [string, string]>> = {
  queued: [texts.common.imageStates.waiting, "busy"],
  ingesting: [texts.common.imageStates.reading, "busy"],
  ready: [texts.common.imageStates.ready, "good"],
  failed: [texts.common.imageStates.failed, "bad"],
};

const RUN: Readonly<Record<RunState, readonly [string, string]>> = {
  queued: [texts.common.runStates.queued, "busy"],
  running: [texts.common.runStates.running, "busy"],
  paused: [texts.common.runStates.paused, ""],
  finished: [texts.common.runStates.finished, "good"],
  failed: [texts.common.runStates.failed, "bad"],
  errored: [texts.common.runStates.error, "bad"],
  cancelled: [texts.common.runStates.cancelled, ""],
  lost: [texts.common.runStates.lost, "bad"],
};

export function ImageBadge({ state }: { state: ImageState }) {
  const [word, tone] = IMAGE[state];
  return <span class={`badge ${tone}`}>{word}</span>;
}

export function RunBadge({ state }: { state: RunState }) {
  const [word, tone] = RUN[state];
  return <span class={`badge ${tone}`}>{word}</span>;
}
