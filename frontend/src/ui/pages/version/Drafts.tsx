/** How far the drafts of a version are. */

import { useSignal } from "@preact/signals";
import type { VersionDetail } from "../../../api/page_types";
import { api, sentenceOf } from "../../../api/pages";
import { count } from "../format";

interface DraftsProps {
  readonly version: VersionDetail;
  readonly project: string;
  readonly mayCancel: boolean;
}

/** How far the drafts of a version are, while some are still to be made. */
export function Drafts({ version, project, mayCancel }: DraftsProps) {
  const problem = useSignal("");
  const drafts = version.drafts ?? {};
  const waiting = drafts.queued ?? 0;
  const running = drafts.running ?? 0;
  if (waiting + running === 0) return null;
  const cancel = async () => {
    if (!window.confirm(`Cancel ${count(waiting, "waiting draft")}? Those made already stay.`)) {
      return;
    }
    try {
      await api.cancelPredictions(project, version.id);
    } catch (error) {
      problem.value = sentenceOf(error);
    }
  };
  return (
    <div class="row">
      <p class="hint">
        {count(drafts.finished ?? 0, "draft")} made, {waiting.toLocaleString("en")} waiting
        {running > 0 && `, ${running} being made`}.
        {(version.large_drafts ?? []).map((large) => (
          <span key={large.image}>
            {" "}
            {large.name}: part {Math.min(large.part + 1, large.of)} of {large.of}.
          </span>
        ))}
      </p>
      {mayCancel && waiting > 0 && (
        <button class="button small" type="button" onClick={() => void cancel()}>
          Cancel the waiting ones
        </button>
      )}
      {problem.value && (
        <p class="message error" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  );
}
