/** The loop at a glance: what to paint next, and what the rounds so far gave. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { address, api, projectNews } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import type { IslandProps } from "../islands";
import { settle } from "../live";
import { NextRegionsPanel } from "./NextRegionsPanel";
import { RoundsPanel } from "./RoundsPanel";
import { RoundsState } from "./rounds";
import { NextRegions } from "./suggestions";

const CHANGES_NEXT = ["selection", "region", "resync"];
const CHANGES_ROUNDS = ["round", "region", "version", "evaluation", "resync"];

export default function ProjectLoop({ data }: IslandProps) {
  const project = data["project"] ?? "";
  const mayReview = Boolean(data["review"]);
  const hasImages = useSignal(Boolean(data["ready"]));
  const isNew = useSignal(false);
  const next = useMemo(() => new NextRegions(project), [project]);
  const rounds = useMemo(() => new RoundsState(project), [project]);

  useEffect(() => {
    const loadNext = settle(300, 1500, () => void next.load());
    const loadRounds = settle(500, 2000, () => void rounds.load());
    const lookForVersion = async () => {
      // A hint only: without an answer there is none.
      isNew.value = !(await api.hasVersion(project).catch(() => true));
    };
    const loadAll = () => {
      void next.load();
      void rounds.load();
      if (mayReview) void lookForVersion();
    };
    if (hasImages.value) loadAll();
    const news = projectNews(project, (type, event) => {
      if (!hasImages.value) {
        if (type !== "image" || event["state"] !== "ready") return;
        hasImages.value = true;
        loadAll();
        return;
      }
      if (CHANGES_NEXT.includes(type)) loadNext();
      if (CHANGES_ROUNDS.includes(type)) loadRounds();
      if (type === "version") isNew.value = false;
    });
    // Strokes and seconds are no news of the project: whoever comes back from the editor looks.
    const comesBack = () => {
      if (document.visibilityState === "visible" && hasImages.value) loadRounds();
    };
    document.addEventListener("visibilitychange", comesBack);
    window.addEventListener("pageshow", comesBack);
    return () => {
      news.close();
      document.removeEventListener("visibilitychange", comesBack);
      window.removeEventListener("pageshow", comesBack);
    };
  }, [project, next, rounds, hasImages, isNew, mayReview]);

  if (!hasImages.value) return null;
  return (
    <div class="loop">
      {isNew.value && mayReview && <StarterHint project={project} />}
      <NextRegionsPanel next={next} mayAnnotate={Boolean(data["annotate"])} />
      <RoundsPanel state={rounds} project={project} mayReview={mayReview} />
    </div>
  );
}

/** Where there is no version yet: drafts before anybody has painted. */
function StarterHint({ project }: { project: string }) {
  return (
    <p class="message wide">
      {texts.starters.hint(<a href={address.starters(project)}>{texts.starters.aStarterModel}</a>)}
    </p>
  );
}
