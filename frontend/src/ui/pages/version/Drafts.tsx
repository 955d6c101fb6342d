/** How far the drafts of a version are. */

import type { VersionDetail } from "../../../api/page_types";
import { api } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { TryButton } from "../parts/TryButton";
import { underWayInWords } from "../parts/under_way";

interface DraftsProps {
  readonly version: VersionDetail;
  readonly project: string;
  readonly mayCancel: boolean;
}

/** How far the drafts of a version are, while some are still to be made. */
export function Drafts({ version, project, mayCancel }: DraftsProps) {
  const drafts = version.drafts ?? {};
  const waiting = drafts.queued ?? 0;
  const running = drafts.running ?? 0;
  if (waiting + running === 0) return null;
  const cancel = async () => {
    if (!window.confirm(texts.version.drafts.cancelQuestion(waiting))) {
      return;
    }
    await api.cancelPredictions(project, version.id);
  };
  return (
    <div class="row">
      <p class="hint">
        {texts.version.drafts.made(drafts.finished ?? 0, waiting, running)}
        {(version.drafts_under_way ?? []).map((one) => (
          <span key={one.image}> {underWayInWords(one)}</span>
        ))}
      </p>
      {mayCancel && waiting > 0 && (
        <TryButton label={texts.version.drafts.cancel} act={cancel} isSmall />
      )}
    </div>
  );
}
