/** The page of one training run, live. */

import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Epoch, Run } from "../../../api/page_types";
import { address, runNews } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { digits, duration, engineTitle } from "../format";
import type { IslandProps } from "../islands";
import { RunBadge } from "../parts/Badge";
import { Facts } from "../parts/Facts";
import { NumberHead } from "../parts/NumberHead";
import { Problem } from "../parts/Problem";
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
      <Problem text={state.problem.value} />
    ) : (
      <p class="muted">{texts.common.loading}</p>
    );
  }
  return (
    <div class="stack">
      <Head state={state} run={run} mayStop={Boolean(data["review"])} />
      {state.problem.value && <Problem text={state.problem.value} />}
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
          <section class="panel" aria-label={texts.run.loss}>
            <div class="panel-head">
              <h2>{texts.run.loss}</h2>
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
        <h1>{texts.run.title(run.number, engineTitle(run.engine))}</h1>
        <RunBadge state={run.state} />
      </div>
      {mayStop && (state.isOpen.value || state.isPaused.value) && (
        <Orders state={state} run={run} />
      )}
      {run.version && (
        <a class="button primary" href={address.version(run.version.id)}>
          {texts.run.seeVersion(run.version.number)}
        </a>
      )}
    </div>
  );
}

function Outcome({ run }: { run: Run }) {
  if (run.state === "errored") {
    return <Problem text={texts.run.defect(run.error_message)} />;
  }
  if (run.state === "cancelled") {
    return <p class="message">{run.error_message || texts.run.cancelledBySomebody}</p>;
  }
  if (!run.error_message) return null;
  return <Problem text={run.error_message} />;
}

function ProgressPanel({ run }: { run: Run }) {
  const { stage, epoch, of, seconds_left: left } = run.progress;
  const words = stage ? (STAGES[stage] ?? stage) : texts.run.startingEngine;
  const line =
    run.state === "queued"
      ? texts.run.waitsForWorker
      : run.pause_requested
        ? texts.run.pausing
        : words;
  return (
    <section class="panel run-progress" aria-label={texts.run.progress}>
      <div class="row">
        <strong class="grow" role="status">
          {line}
          {epoch && of ? texts.run.epochOf(epoch, of) : ""}
        </strong>
        <span class="muted">
          {left ? texts.run.left(duration(left)) : ""}
          {left && run.started_at ? ", " : ""}
          {run.started_at && (
            <>
              {texts.run.began} <Time at={run.started_at} />
            </>
          )}
        </span>
      </div>
      {epoch && of ? (
        <progress max={of} value={epoch} aria-label={texts.run.epochsDone} />
      ) : (
        <progress aria-label={texts.run.atWork} value={0} max={1} />
      )}
    </section>
  );
}

function epochLine(epochs: readonly Epoch[]): string {
  const last = epochs.at(-1);
  if (!last) return texts.run.noEpochYet;
  return texts.run.newestEpoch(
    last.epoch,
    last.n_epochs,
    digits(last.train_loss),
    digits(last.validation_loss),
  );
}

function EpochTable({ epochs }: { epochs: readonly Epoch[] }) {
  if (epochs.length === 0) return null;
  return (
    <details class="advanced" style={{ marginTop: "0.75rem" }}>
      <summary>{texts.run.epochs.title}</summary>
      <div class="table-wrap" style={{ maxHeight: "320px", overflowY: "auto" }}>
        <table>
          <thead>
            <tr>
              <NumberHead>{texts.run.epochs.epoch}</NumberHead>
              <NumberHead>{texts.run.epochs.trainingLoss}</NumberHead>
              <NumberHead>{texts.run.epochs.validationLoss}</NumberHead>
              <NumberHead>{texts.run.epochs.learningRate}</NumberHead>
              <NumberHead>{texts.run.epochs.time}</NumberHead>
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
    <section class="panel" aria-label={texts.run.log}>
      <h2>{texts.run.log}</h2>
      {text ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <pre class="log" ref={box} onScroll={onScroll} tabIndex={0}>
          {text}
        </pre>
      ) : (
        <p class="muted">{texts.run.nothingWritten}</p>
      )}
    </section>
  );
}

function About({ run }: { run: Run }) {
  const set = run.training_set;
  const start = run.parent ? (
    <a href={address.version(run.parent.id)}>{texts.common.version(run.parent.number)}</a>
  ) : run.pretrained ? (
    texts.run.facts.official(run.pretrained)
  ) : (
    texts.run.facts.scratch
  );
  const spent = secondsTrained(run);
  return (
    <div class="stack">
      <section class="panel">
        <h2>{texts.run.facts.title}</h2>
        <dl class="facts">
          <dt>{texts.run.facts.start}</dt>
          <dd>{start}</dd>
          {set && (
            <>
              <dt>{texts.run.facts.trainingSet}</dt>
              <dd>
                <a href={address.manifest(set.id)}>{texts.common.set(set.number)}</a>
                {texts.common.setHolds(set.n_instances, set.n_regions, set.n_images)}
              </dd>
            </>
          )}
          {run.n_replayed ? (
            <>
              <dt>{texts.run.facts.replayed}</dt>
              <dd>{texts.run.facts.replayedRegions(run.n_replayed)}</dd>
            </>
          ) : null}
          <dt>{texts.run.facts.timeAllowed}</dt>
          <dd>
            {run.max_minutes
              ? texts.run.facts.minutes(run.max_minutes)
              : texts.run.facts.asTheEngineThinks}
          </dd>
          <dt>{texts.run.facts.seed}</dt>
          <dd>{run.seed ?? "–"}</dd>
          {run.channels && run.channels.length > 0 && (
            <>
              <dt>{texts.run.facts.channels}</dt>
              <dd>{run.channels.map((channel) => channel + 1).join(", ")}</dd>
            </>
          )}
          <dt>{texts.run.facts.queued}</dt>
          <dd>
            <Time at={run.created_at} />
          </dd>
          {spent !== null && (
            <>
              <dt>{texts.run.facts.took}</dt>
              <dd>{duration(spent)}</dd>
            </>
          )}
          {run.peak_mib && (
            <>
              <dt>{texts.run.facts.memory}</dt>
              <dd>{texts.run.facts.atMost((run.peak_mib / 1024).toFixed(1))}</dd>
            </>
          )}
        </dl>
      </section>
      <section class="panel">
        <h2>{texts.run.facts.parameters}</h2>
        <Facts of={run.params ?? {}} />
      </section>
    </div>
  );
}
