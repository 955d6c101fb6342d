/** The page of one model version. */

import { batch, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Version, VersionDetail } from "../../../api/page_types";
import { address, api, projectNews, sentenceOf } from "../../../api/pages";
import type { StarterCard } from "../../../api/starter_types";
import * as texts from "../../../texts/pages";
import { bytes, engineTitle, score } from "../format";
import type { IslandProps } from "../islands";
import { settle } from "../live";
import { Credits } from "../parts/Credits";
import { Facts } from "../parts/Facts";
import { FastCost } from "../parts/FastCost";
import { Problem } from "../parts/Problem";
import { trialsIn } from "../parts/recipes";
import { newest, originInWords } from "../parts/scores";
import { Time } from "../parts/Time";
import { Trials } from "../parts/Trials";
import { Drafts } from "./Drafts";
import { Examples } from "./Examples";
import { Kinds } from "./Kinds";
import { Measured } from "./Measured";
import { PerImage } from "./PerImage";
import { Unmeasured } from "./Unmeasured";

export default function VersionView({ data }: IslandProps) {
  const id = data["version"] ?? "";
  const project = data["project"] ?? "";
  const version = useSignal<VersionDetail | null>(null);
  const others = useSignal<readonly Version[]>([]);
  const problem = useSignal("");

  useEffect(() => {
    const load = async () => {
      try {
        const [mine, all] = await Promise.all([api.version(id), api.versions(project)]);
        batch(() => {
          version.value = mine;
          others.value = all.filter((other) => other.id !== id);
          problem.value = "";
        });
      } catch (error) {
        problem.value = sentenceOf(error);
      }
    };
    void load();
    const reload = settle(500, 2000, () => void load());
    const news = projectNews(project, (type) => {
      if (["evaluation", "prediction", "resync"].includes(type)) reload();
    });
    return () => news.close();
  }, [id, project, version, others, problem]);

  const shown = version.value;
  if (shown === null) {
    return problem.value ? (
      <Problem text={problem.value} />
    ) : (
      <p class="muted">{texts.common.loading}</p>
    );
  }
  const evaluation = newest(shown.evaluations);
  return (
    <div class="stack">
      <Head version={shown} project={project} mayTrain={Boolean(data["review"])} />
      <Lineage version={shown} />
      {evaluation ? (
        <>
          <Measured
            version={shown}
            evaluation={evaluation}
            others={others.value}
            below={(measured) => (
              <FastCost
                evaluation={measured}
                isFast={Boolean(data["fast"])}
                mayRepeat={Boolean(data["review"])}
              />
            )}
          />
          <Kinds evaluation={evaluation} />
          <Examples evaluation={evaluation} />
          <PerImage evaluation={evaluation} />
        </>
      ) : null}
      <Unmeasured
        project={project}
        version={shown}
        isMeasured={Boolean(evaluation)}
        mayRepeat={Boolean(data["review"])}
      />
      <Trials trials={trialsIn(shown.config)} />
      <StarterCredits version={shown} />
      <Provenance version={shown} />
    </div>
  );
}

/** Whose data taught the starter model that a version is. */
function StarterCredits({ version }: { version: VersionDetail }) {
  const card = version.config?.["starter"] as StarterCard | undefined;
  if (!card?.trained_on) return null;
  return (
    <section class="panel" aria-label={texts.version.starter.title}>
      <h2>{texts.version.starter.named(card.title)}</h2>
      <p>{texts.version.starter.finds(card.objects, score(card.test?.ap50))}</p>
      <Credits sets={card.trained_on} />
    </section>
  );
}

interface HeadProps {
  readonly version: VersionDetail;
  readonly project: string;
  readonly mayTrain: boolean;
}

function Head({ version, project, mayTrain }: HeadProps) {
  const note = useSignal("");
  const busy = useSignal(false);
  const keepMaps = useSignal(false);
  const predict = async () => {
    busy.value = true;
    try {
      const rows = await api.predict(project, version.id, null, keepMaps.value);
      note.value = rows.every((row) => row.state === "finished")
        ? texts.version.drafted
        : texts.version.queued;
    } catch (error) {
      note.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <div>
      <div class="page-head">
        <div>
          <h1>{texts.common.engineVersion(engineTitle(version.engine), version.number)}</h1>
          <p class="lead">
            {texts.version.made} <Time at={version.created_at} />, {originInWords(version.origin)},{" "}
            {bytes(version.size_bytes)}
            {version.licence ? texts.version.licence(version.licence) : ""}
          </p>
        </div>
        <div class="row">
          {mayTrain && (
            <a class="button" href={address.trainFrom(project, version.engine, version.id)}>
              {texts.version.trainFurther}
            </a>
          )}
          {mayTrain && (
            <button
              class="button"
              type="button"
              disabled={busy.value}
              onClick={() => void predict()}
            >
              {texts.version.predict}
            </button>
          )}
          <a class="button primary" href={address.download(version.id)} download>
            {texts.version.download}
          </a>
        </div>
      </div>
      {mayTrain && (
        <div class="field checkbox small">
          <input
            id="keep-maps"
            type="checkbox"
            checked={keepMaps.value}
            onChange={(event) => {
              keepMaps.value = event.currentTarget.checked;
            }}
          />
          <label for="keep-maps">{texts.version.keepMaps}</label>
        </div>
      )}
      <p class="hint" role="status">
        {note.value}
      </p>
      <Drafts version={version} project={project} mayCancel={mayTrain} />
    </div>
  );
}

function Lineage({ version }: { version: VersionDetail }) {
  // The answer begins with the version itself; people read a history from its beginning.
  const chain = [...version.lineage].reverse();
  const first = chain[0];
  const root = first?.origin ?? version.origin;
  return (
    <nav aria-label={texts.version.lineage}>
      <ol class="lineage">
        <li>
          <span class="muted">{originInWords(root)}</span>
        </li>
        {chain.map((one) => (
          <li key={one.id}>
            <a
              class="node"
              href={address.version(one.id)}
              aria-current={one.id === version.id ? "page" : undefined}
            >
              {texts.common.engineVersion(engineTitle(one.engine), one.number)}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Provenance({ version }: { version: VersionDetail }) {
  const set = version.training_set;
  const run = typeof version.run === "object" ? version.run : null;
  const { device, precision } = version.config ?? {};
  const classes = version.config?.["classes"];
  const computedOn = [device, precision].filter((word) => typeof word === "string").join(", ");
  return (
    <div class="halves">
      <section class="panel">
        <h2>{texts.version.facts.title}</h2>
        <dl class="facts small">
          {set && (
            <>
              <dt>{texts.version.facts.trainingSet}</dt>
              <dd>
                <a href={address.manifest(set.id)}>{texts.common.set(set.number)}</a>
                {texts.common.setHolds(set.n_instances, set.n_regions, set.n_images)}
              </dd>
              <dt>{texts.version.facts.sha256}</dt>
              <dd class="mono">{set.manifest_digest ?? "–"}</dd>
            </>
          )}
          {run && (
            <>
              <dt>{texts.version.facts.run}</dt>
              <dd>
                <a href={address.run(run.id)}>{texts.version.facts.runNumber(run.number)}</a>
              </dd>
            </>
          )}
          {Array.isArray(classes) && classes.length > 0 && (
            <>
              <dt>{texts.version.facts.classes}</dt>
              <dd>{classes.join(", ")}</dd>
            </>
          )}
          <dt>{texts.version.facts.seed}</dt>
          <dd>{version.seed ?? "–"}</dd>
          <dt>{texts.version.facts.weights}</dt>
          <dd class="mono">{version.checkpoint_digest ?? "–"}</dd>
          {computedOn && (
            <>
              <dt>{texts.version.facts.trainedOn}</dt>
              <dd>{computedOn}</dd>
            </>
          )}
        </dl>
        <h3 style={{ margin: "1rem 0 0.5rem" }}>{texts.version.facts.thresholds}</h3>
        <Facts of={{ ...(version.thresholds ?? {}), ...(version.channels ?? {}) }} />
        <h3 style={{ margin: "1rem 0 0.5rem" }}>{texts.version.facts.software}</h3>
        <Facts of={version.versions ?? {}} />
      </section>
      <section class="panel">
        <h2>{texts.version.facts.parameters}</h2>
        <Facts of={version.params ?? {}} />
      </section>
    </div>
  );
}
