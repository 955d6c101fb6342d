/** The form that starts a training. */

import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { ApiError } from "../../../api/client";
import type { Engine, EngineParam } from "../../../api/page_types";
import { address, api, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { score } from "../format";
import { ap50, newest } from "../parts/scores";
import { ParamField } from "./ParamField";
import { PreflightList } from "./PreflightList";
import { RunDraft } from "./run_draft";
import type { TrainingState } from "./state";

const CHECK_AFTER_MS = 400;

export function RunForm({ state, isReady }: { state: TrainingState; isReady: boolean }) {
  const draft = useMemo(() => new RunDraft(state, new URLSearchParams(location.search)), [state]);
  const problem = useSignal("");
  const busy = useSignal(false);
  const alert = useRef<HTMLParagraphElement>(null);
  useSignalEffect(() => {
    const { plan } = draft.read();
    if (!plan || !draft.engine) return undefined;
    const timer = setTimeout(() => void draft.check(plan), CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  });
  const { engine } = draft;
  if (!engine) return <p class="message warning">{texts.training.form.noEngine}</p>;

  const fail = (sentence: string) => {
    problem.value = sentence;
    queueMicrotask(() => alert.current?.focus());
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const reading = draft.read();
    draft.problems.value = reading.plan ? {} : reading.problems;
    if (!reading.plan) return fail(reading.why);
    busy.value = true;
    problem.value = "";
    try {
      location.assign(address.run((await api.startRun(state.project, reading.plan)).id));
    } catch (error) {
      const field =
        error instanceof ApiError ? (error.data as { field?: string } | null)?.field : "";
      if (field) draft.problems.value = { [field]: sentenceOf(error) };
      fail(sentenceOf(error));
      busy.value = false;
    }
  };
  return (
    <section class="panel" id="train">
      <h2>{texts.training.form.title}</h2>
      <form class="stack" onSubmit={(event) => void submit(event)} noValidate>
        {problem.value && (
          <p class="message error" role="alert" tabIndex={-1} ref={alert}>
            {problem.value}
          </p>
        )}
        <EngineField draft={draft} engine={engine} engines={state.engines.value} />
        <StartField
          engine={engine}
          state={state}
          value={draft.chosenStart}
          onChange={(value) => {
            draft.start.value = value;
          }}
        />
        <NumberField
          id="run-minutes"
          label={texts.training.form.minutes}
          help={texts.training.form.minutesHelp}
          inputMode="decimal"
          typed={draft.minutes}
        />
        <ChannelField state={state} engine={engine} channels={draft.channels} />
        <Params
          draft={draft}
          engine={engine}
          params={engine.params.filter((param) => param.advanced === false)}
        />
        <Advanced draft={draft} engine={engine} />
        {draft.preflight.value && (
          <PreflightList
            preflight={draft.preflight.value}
            project={state.project}
            onMend={(fix) => draft.mend(fix)}
          />
        )}
        <button class="button primary wide" type="submit" disabled={busy.value || !isReady}>
          {busy.value ? texts.training.form.queueing : texts.training.form.start}
        </button>
        {!isReady && <p class="hint">{texts.training.form.submitFirst}</p>}
      </form>
    </section>
  );
}

interface PartProps {
  readonly draft: RunDraft;
  readonly engine: Engine;
}

function EngineField({ draft, engine, engines }: PartProps & { engines: readonly Engine[] }) {
  return (
    <div class="field">
      <label for="run-engine">{texts.training.form.engine}</label>
      <select
        id="run-engine"
        value={engine.name}
        aria-describedby="run-engine-hint"
        onChange={(event) => draft.chooseEngine(event.currentTarget.value)}
      >
        {engines.map((one) => (
          <option key={one.name} value={one.name} disabled={one.missing !== ""}>
            {one.title} {one.version}
            {one.missing && texts.training.form.notInstalled}
          </option>
        ))}
      </select>
      <p class="hint" id="run-engine-hint">
        {[engineHint(engine), ...missing(engines)].join(". ")}
      </p>
    </div>
  );
}

/** What hardly anybody has to set. */
function Advanced({ draft, engine }: PartProps) {
  const params = engine.params.filter((param) => param.advanced !== false);
  return (
    <details class="advanced">
      <summary>{texts.training.form.advanced(params.length + 1)}</summary>
      <div class="form-grid">
        <NumberField
          id="run-seed"
          label={texts.training.form.seed}
          help={texts.training.form.seedHelp}
          inputMode="numeric"
          typed={draft.seed}
        />
        <Params draft={draft} engine={engine} params={params} />
      </div>
    </details>
  );
}

function Params({ draft, engine, params }: PartProps & { params: readonly EngineParam[] }) {
  return (
    <>
      {params.map((param) => (
        <ParamField
          key={`${engine.name}-${param.name}`}
          param={param}
          value={draft.typed.value[param.name]}
          problem={draft.problems.value[param.name]}
          onChange={(value) => draft.type(param.name, value)}
        />
      ))}
    </>
  );
}

function NumberField(props: {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly inputMode: "decimal" | "numeric";
  readonly typed: Signal<string>;
}) {
  const { id, typed } = props;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        inputMode={props.inputMode}
        value={typed.value}
        aria-describedby={`${id}-hint`}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
      <p class="hint" id={`${id}-hint`}>
        {props.help}
      </p>
    </div>
  );
}

function engineHint(engine: Engine): string {
  const most =
    engine.max_channels === 1
      ? texts.training.form.oneChannel
      : texts.training.form.upToChannels(engine.max_channels);
  return texts.training.form.engineHint(most, engine.needs_gpu, engine.licence);
}

/** Sentences about the engines that cannot be chosen. */
function missing(engines: readonly Engine[]): string[] {
  return engines.map((one) => one.missing).filter((sentence) => sentence !== "");
}

interface StartProps {
  readonly engine: Engine;
  readonly state: TrainingState;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function StartField({ engine, state, value, onChange }: StartProps) {
  const versions = state.versions.value.filter((version) => version.engine === engine.name);
  return (
    <div class="field">
      <label for="run-start">{texts.training.form.startFrom}</label>
      <select
        id="run-start"
        value={value}
        aria-describedby="run-start-hint"
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {engine.from_scratch && <option value="scratch">{texts.training.form.scratch}</option>}
        {versions.length > 0 && (
          <optgroup label={texts.training.form.earlier}>
            {versions.map((version) => (
              <option key={version.id} value={`version:${version.id}`}>
                {texts.training.form.versionWithScore(
                  version.number,
                  score(ap50(newest(version.evaluations)?.metrics.pooled)),
                )}
              </option>
            ))}
          </optgroup>
        )}
        {engine.pretrained.length > 0 && (
          <optgroup label={texts.training.form.official}>
            {engine.pretrained.map((name) => (
              <option key={name} value={`pretrained:${name}`}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      <p class="hint" id="run-start-hint">
        {value.startsWith("pretrained:")
          ? texts.training.form.officialHelp
          : value === "scratch"
            ? texts.training.form.scratchHelp
            : texts.training.form.earlierHelp}
      </p>
    </div>
  );
}

interface ChannelProps {
  readonly state: TrainingState;
  readonly engine: Engine;
  readonly channels: { value: ReadonlySet<number> };
}

function ChannelField({ state, engine, channels }: ChannelProps) {
  const names = state.channels.value;
  if (names.length < 2 || engine.max_channels < 1) return null;
  const toggle = (index: number, isOn: boolean) => {
    const next = new Set(channels.value);
    if (isOn) next.add(index);
    else next.delete(index);
    channels.value = next;
  };
  return (
    <fieldset class="field" aria-describedby="run-channels-hint">
      <legend>{texts.training.form.channels}</legend>
      <div class="choices">
        {names.map((name, index) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={channels.value.has(index)}
              onChange={(event) => toggle(index, event.currentTarget.checked)}
            />
            {name}
          </label>
        ))}
      </div>
      <p class="hint" id="run-channels-hint">
        {texts.training.form.channelsHelp(engine.max_channels)}
      </p>
    </fieldset>
  );
}
