/** What of a draft can be saved for other programs. */
import { useEffect, useState } from "preact/hooks";
import { filesOf } from "../../api/images";
import type { PredictionJson } from "../../api/types";
import * as texts from "../../texts";
import type { DraftDesk } from "./draft_desk";

export function DraftFiles({ drafts, draft }: { drafts: DraftDesk; draft: string }) {
  const [prediction, setPrediction] = useState<PredictionJson>();
  useEffect(() => {
    let isWanted = true;
    setPrediction(undefined);
    // Without an answer there are no links; the draft itself can be reviewed all the same.
    void drafts.predictionOf(draft).then(
      (found) => isWanted && setPrediction(found),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [drafts, draft]);
  if (!prediction) return null;
  const files = filesOf(prediction.id);
  return (
    <p class="hint">
      {texts.drafts.files.saveAs}{" "}
      <a href={files.outlines} download>
        {texts.drafts.files.outlines}
      </a>
      ,{" "}
      <a href={files.rois} download>
        {texts.drafts.files.imageJ}
      </a>
      {prediction.has_maps && (
        <>
          ,{" "}
          <a href={files.maps} download>
            {texts.drafts.files.maps}
          </a>
        </>
      )}
    </p>
  );
}
