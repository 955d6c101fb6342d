/** What could not be measured yet, and why. */

import type { Unmeasured as Measurement, VersionDetail } from "../../../api/page_types";
import { address, api } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { TryButton } from "../parts/TryButton";

interface Props {
  readonly version: VersionDetail;
  readonly project: string;
  readonly isMeasured: boolean;
  readonly mayRepeat: boolean;
}

export function Unmeasured({ version, project, isMeasured, mayRepeat }: Props) {
  const open = version.unmeasured ?? [];
  if (open.length > 0) {
    return (
      <>
        {open.map((one) => (
          <OneMeasurement key={one.id} one={one} mayRepeat={mayRepeat} />
        ))}
      </>
    );
  }
  if (isMeasured) return null;
  return (
    <div class="empty">
      <h2>{texts.version.unmeasured.title}</h2>
      {version.training_set ? (
        <p>
          {texts.version.unmeasured.noRegion}{" "}
          <a href={address.project(project)}>{texts.version.unmeasured.seeImages}</a>
        </p>
      ) : (
        <p>{texts.version.unmeasured.notTrainedHere}</p>
      )}
    </div>
  );
}

function OneMeasurement({ one, mayRepeat }: { one: Measurement; mayRepeat: boolean }) {
  const where = one.training_set ? texts.version.unmeasured.ofSet(one.training_set.number) : "";
  if (one.state === "queued" || one.state === "running") {
    return (
      <p class="message" role="status">
        {texts.version.unmeasured.underWay(one.state === "queued", one.split, where)}
      </p>
    );
  }
  return (
    <div class="message error" role="alert">
      <p>{texts.version.unmeasured.failed(one.split, where, one.error_message)}</p>
      {mayRepeat && (
        <TryButton label={texts.common.measureAgain} act={() => api.repeatEvaluation(one.id)} />
      )}
    </div>
  );
}
