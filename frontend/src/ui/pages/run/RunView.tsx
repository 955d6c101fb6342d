/** The page of one training run, live. */

import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Epoch, Run } from "../../../api/page_types";
import { address, runNews } from "../../../api/pages";
import { count, digits, duration, engineTitle } from "../format";
import type { IslandProps } from "../islands";
import { RunBadge } from "../parts/Badge";
import { Facts } from "../parts/Facts";
import { secondsTrained } from "../parts/standing";
import { Time } from "../parts/Time";
import { TrialsOfRun } from "../parts/Trials";
import { LossChart } from "./LossChart";
import { Orders, Standstill } from "./Standstill";
import { STAGES } from "./stages";
import { RunPageState } from "./state";

export default function RunView({ data }: IslandProps) {
  const id = data["run"] ?? "";
  const state = useMemo(() => new RunPageState(id), [id]);
  useEffect(() => {
    void state.load();
    const news = runNews(id, (type, event) => state.hear(type, event));
    return () => news.close();
  }, [id, state]);

  const run = state.run.value;
  if (run === null) {
    return state.problem.value ? (
      <p class="message error" role="alert">
        {state.problem.value}
      </p>
    ) : (
      <p class="muted">Loading…</p>
    );
  }
  return (
    <div class="stack">
      <Head state={state} run={run} mayStop={Boolean(data["review"])} />
      {state.problem.value && (
        <p class="message error" role="alert">
          {state.problem.value}
        </p>
      )}
      {state.isPaused.value ? <Standstill run={run} /> : <Outcome run={run} />}
      {(run.warnings ?? []).map((sentence) => (
        <p key={sentence} class="message warning">
          {sentence}
        </p>
      ))}
      {state.isOpen.value && <ProgressPanel run={run} />}
      <TrialsOfRun run={run} />
      <div class="columns">
        <div class="stack">
          <section class="panel" aria-label="Loss">
            <div class="panel-head">
              <h2>Loss</h2>
              <p class="hint">{epochLine(state.epochs.value)}</p>
            </div>
            {state.epochs.value.length > 0 && <LossChart epochs={state.epochs.value} />}
            <EpochTable epochs={state.epochs.value} />
          </section>
          <Log text={state.log.value} />
        </div>
        <About run={run} />
      </div>
    </div>
  );
}

interface HeadProps {
  readonly state: RunPageState;
  readonly run: Run;
  readonly mayStop: boolean;
}

function Head({ state, run, mayStop }: HeadProps) {
  return (
    <div class="page-head">
      <div class="row">
        <h1>
          Run {run.number}: {engineTitle(run.engine)}
        </h1>
        <RunBadge state={run.state} />
      </div>
      {mayStop && (state.isOpen.value || state.isPaused.value) && (
        <Orders state={state} run={run} />
      )}
      {run.version && (
        <a class="button primary" href={address.version(run.version.id)}>
          See version {run.version.number}
        </a>
      )}
    </div>
  );
}

function Outcome({ run }: { run: Run }) {
  if (run.state === "errored") {
    return (
      <p class="message error" role="alert">
        This is a defect of the site, not of your data. {run.error_message} The details are in the
        log; tell the person who runs the site.
      </p>
    );
  }
  if (run.state === "cancelled") {
    return <p class="message">{run.error_message || "Somebody cancelled this run."}</p>;
  }
  if (!run.error_message) return null;
  return (
    <p class="message error" role="alert">
      {run.error_message}
    </p>
  );
}

function ProgressPanel({ run }: { run: Run }) {
  const { stage, epoch, of, seconds_left: left } = run.progress;
  const words = stage ? (STAGES[stage] ?? stage) : "Starting the engine";
  const line =
    run.state === "queued"
      ? "Waits for a free worker"
      : run.pause_requested
        ? "Leaving its step to pause"
        : words;
  return (
    <section class="panel run-progress" aria-label="Progress">
      <div class="row">
        <strong class="grow" role="status">
          {line}
          {epoch && of ? `, epoch ${epoch} of ${of}` : ""}
        </strong>
        <span class="muted">
          {left ? `about ${duration(left)} left` : ""}
          {left && run.started_at ? ", " : ""}
          {run.started_at && (
            <>
              began <Time at={run.started_at} />
            </>
          )}
        </span>
      </div>
      {epoch && of ? (
        <progress max={of} value={epoch} aria-label="Epochs done" />
      ) : (
        <progress aria-label="At work" value={0} max={1} />
      )}
    </section>
  );
}

function epochLine(epochs: readonly Epoch[]): string {
  const last = epochs.at(-1);
  if (!last) return "No epoch was finished yet.";
  return `Epoch ${last.epoch} of ${last.n_epochs}: training ${digits(last.train_loss)}, validation ${digits(last.validation_loss)}`;
}

function EpochTable({ epochs }: { epochs: readonly Epoch[] }) {
  if (epochs.length === 0) return null;
  return (
    <details class="advanced" style={{ marginTop: "0.75rem" }}>
      <summary>Numbers of each epoch</summary>
      <div class="table-wrap" style={{ maxHeight: "320px", overflowY: "auto" }}>
        <table>
          <thead>
            <tr>
              <th scope="col" class="num">
                Epoch
              </th>
              <th scope="col" class="num">
                Training loss
              </th>
              <th scope="col" class="num">
                Validation loss
              </th>
              <th scope="col" class="num">
                Learning rate
              </th>
              <th scope="col" class="num">
                Time
              </th>
            </tr>
          </thead>
          <tbody>
            {epochs.map((epoch) => (
              <tr key={epoch.epoch}>
                <td class="num">{epoch.epoch}</td>
                <td class="num">{digits(epoch.train_loss)}</td>
                <td class="num">{digits(epoch.validation_loss)}</td>
                <td class="num">{digits(epoch.learning_rate)}</td>
                <td class="num">{duration(epoch.duration_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Log({ text }: { text: string }) {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    const pre = box.current;
    if (pre && follows.current) pre.scrollTop = pre.scrollHeight;
  }, [text]);
  const onScroll = (event: Event & { currentTarget: HTMLPreElement }) => {
    const pre = event.currentTarget;
    // A person who scrolled up is reading; new lines must not move the text.
    follows.current = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
  };
  return (
    <section class="panel" aria-label="Log">
      <h2>Log</h2>
      {text ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <pre class="log" ref={box} onScroll={onScroll} tabIndex={0}>
          {text}
        </pre>
      ) : (
        <p class="muted">Nothing was written yet.</p>
      )}
    </section>
  );
}

function About({ run }: { run: Run }) {
  const set = run.training_set;
  const start = run.parent ? (
    <a href={address.version(run.parent.id)}>v{run.parent.number}</a>
  ) : run.pretrained ? (
    `official ${run.pretrained}`
  ) : (
    "scratch"
  );
  const spent = secondsTrained(run);
  return (
    <div class="stack">
      <section class="panel">
        <h2>What went in</h2>
        <dl class="facts">
          <dt>Started from</dt>
          <dd>{start}</dd>
          {set && (
            <>
              <dt>Training set</dt>
              <dd>
                <a href={address.manifest(set.id)}>Set {set.number}</a>:{" "}
                {count(set.n_instances, "object")} in {count(set.n_regions, "region")},{" "}
                {count(set.n_images, "image")}
              </dd>
            </>
          )}
          {run.n_replayed ? (
            <>
              <dt>Replayed</dt>
              <dd>
                {count(run.n_replayed, "region")} that taught earlier versions, so that they are not
                forgotten
              </dd>
            </>
          ) : null}
          <dt>Time allowed</dt>
          <dd>{run.max_minutes ? `${run.max_minutes} min` : "as the engine thinks right"}</dd>
          <dt>Seed</dt>
          <dd>{run.seed ?? "–"}</dd>
          {run.channels && run.channels.length > 0 && (
            <>
              <dt>Channels</dt>
              <dd>{run.channels.map((channel) => channel + 1).join(", ")}</dd>
            </>
          )}
          <dt>Queued</dt>
          <dd>
            <Time at={run.created_at} />
          </dd>
          {spent !== null && (
            <>
              <dt>Took</dt>
              <dd>{duration(spent)}</dd>
            </>
          )}
          {run.peak_mib && (
            <>
              <dt>Memory</dt>
              <dd>at most {(run.peak_mib / 1024).toFixed(1)} GiB</dd>
            </>
          )}
        </dl>
      </section>
      <section class="panel">
        <h2>Parameters</h2>
        <Facts of={run.params ?? {}} />
      </section>
    </div>
  );
}
