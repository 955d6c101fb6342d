/** The page of one model version. */

import { batch, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Version, VersionDetail } from "../../../api/page_types";
import { address, api, projectNews, sentenceOf } from "../../../api/pages";
import type { StarterCard } from "../../../api/starter_types";
import { bytes, count, engineTitle, score } from "../format";
import type { IslandProps } from "../islands";
import { settle } from "../live";
import { Credits } from "../parts/Credits";
import { Facts } from "../parts/Facts";
import { FastCost } from "../parts/FastCost";
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
      <p class="message error" role="alert">
        {problem.value}
      </p>
    ) : (
      <p class="muted">Loading…</p>
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
    <section class="panel" aria-label="Starter model">
      <h2>Starter model: {card.title}</h2>
      <p>
        Finds {card.objects}. AP50 {score(card.test?.ap50)} on images like those that taught it.
      </p>
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
        ? "Every image has its draft of this version already."
        : "Queued. Drafts appear in open editors as they are made.";
    } catch (error) {
      note.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <div>
      <div class="page-head">
        <div>
          <h1>
            {engineTitle(version.engine)} v{version.number}
          </h1>
          <p class="lead">
            Made <Time at={version.created_at} />, {originInWords(version.origin)},{" "}
            {bytes(version.size_bytes)}
            {version.licence ? `, licence ${version.licence}` : ""}
          </p>
        </div>
        <div class="row">
          {mayTrain && (
            <a class="button" href={address.trainFrom(project, version.engine, version.id)}>
              Train further
            </a>
          )}
          {mayTrain && (
            <button
              class="button"
              type="button"
              disabled={busy.value}
              onClick={() => void predict()}
            >
              Predict images
            </button>
          )}
          <a class="button primary" href={address.download(version.id)} download>
            Download
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
          <label for="keep-maps">
            Keep the engine's maps when predicting (images up to 4 megapixels)
          </label>
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
    <nav aria-label="Lineage">
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
              {engineTitle(one.engine)} v{one.number}
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
        <h2>What it was made from</h2>
        <dl class="facts small">
          {set && (
            <>
              <dt>Training set</dt>
              <dd>
                <a href={address.manifest(set.id)}>Set {set.number}</a>:{" "}
                {count(set.n_instances, "object")} in {count(set.n_regions, "region")},{" "}
                {count(set.n_images, "image")}
              </dd>
              <dt>Its sha256</dt>
              <dd class="mono">{set.manifest_digest ?? "–"}</dd>
            </>
          )}
          {run && (
            <>
              <dt>Run</dt>
              <dd>
                <a href={address.run(run.id)}>Run {run.number}</a>
              </dd>
            </>
          )}
          {Array.isArray(classes) && classes.length > 0 && (
            <>
              <dt>Classes it tells apart</dt>
              <dd>{classes.join(", ")}</dd>
            </>
          )}
          <dt>Seed</dt>
          <dd>{version.seed ?? "–"}</dd>
          <dt>Weights, sha256</dt>
          <dd class="mono">{version.checkpoint_digest ?? "–"}</dd>
          {computedOn && (
            <>
              <dt>Trained on</dt>
              <dd>{computedOn}</dd>
            </>
          )}
        </dl>
        <h3 style={{ margin: "1rem 0 0.5rem" }}>Thresholds and channels</h3>
        <Facts of={{ ...(version.thresholds ?? {}), ...(version.channels ?? {}) }} />
        <h3 style={{ margin: "1rem 0 0.5rem" }}>Software</h3>
        <Facts of={version.versions ?? {}} />
      </section>
      <section class="panel">
        <h2>Parameters</h2>
        <Facts of={version.params ?? {}} />
      </section>
    </div>
  );
}
