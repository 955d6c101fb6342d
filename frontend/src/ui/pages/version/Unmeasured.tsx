/** What could not be measured yet, and why. */

import type { Unmeasured as Measurement, VersionDetail } from "../../../api/page_types";
import { address, api } from "../../../api/pages";
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
      <h2>Not measured</h2>
      {version.training_set ? (
        <p>
          Its training set holds no region for blind validation. Declare and submit one on an image
          that does not teach, and train again.{" "}
          <a href={address.project(project)}>See the images</a>
        </p>
      ) : (
        <p>
          It was not trained here. Train it further: then both are measured on the same blind
          validation regions.
        </p>
      )}
    </div>
  );
}

function OneMeasurement({ one, mayRepeat }: { one: Measurement; mayRepeat: boolean }) {
  const where = one.training_set ? ` of set ${one.training_set.number}` : "";
  if (one.state === "queued" || one.state === "running") {
    return (
      <p class="message" role="status">
        {one.state === "queued" ? "Waits to be measured" : "Is being measured"} on the {one.split}{" "}
        regions{where}. The numbers appear here by themselves.
      </p>
    );
  }
  return (
    <div class="message error" role="alert">
      <p>
        It could not be measured on the {one.split} regions{where}: {one.error_message}
      </p>
      {mayRepeat && <TryButton label="Measure again" act={() => api.repeatEvaluation(one.id)} />}
    </div>
  );
}
