/** States as words with a colour; the word alone is enough. */

import type { ImageState, RunState } from "../../../api/page_types";

const IMAGE: Readonly<Record<ImageState, readonly [string, string]>> = {
  queued: ["Waiting", "busy"],
  ingesting: ["Being read", "busy"],
  ready: ["Ready", "good"],
  failed: ["Failed", "bad"],
};

const RUN: Readonly<Record<RunState, readonly [string, string]>> = {
  queued: ["Waiting", "busy"],
  running: ["Running", "busy"],
  paused: ["Paused", ""],
  finished: ["Finished", "good"],
  failed: ["Failed", "bad"],
  errored: ["Error", "bad"],
  cancelled: ["Cancelled", ""],
  lost: ["Lost", "bad"],
};

export function ImageBadge({ state }: { state: ImageState }) {
  const [word, tone] = IMAGE[state];
  return <span class={`badge ${tone}`}>{word}</span>;
}

export function RunBadge({ state }: { state: RunState }) {
  const [word, tone] = RUN[state];
  return <span class={`badge ${tone}`}>{word}</span>;
}
