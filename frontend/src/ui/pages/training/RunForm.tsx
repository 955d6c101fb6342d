/** The form that starts a training. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ApiError } from "../../../api/client";
import type { Engine, EngineParam } from "../../../api/page_types";
import { address, api, sentenceOf } from "../../../api/pages";
import { score } from "../format";
import { ap50, newest } from "../parts/scores";
import { ParamField } from "./ParamField";
import { readParams, type Typed } from "./params";
import type { TrainingState } from "./state";

export function RunForm({ state, isReady }: { state: TrainingState; isReady: boolean }) {
  const asked = new URLSearchParams(location.search); // "Train further" on a version's page
  const engineName = useSignal(asked.get("engine") ?? state.engines.value[0]?.name ?? "");
  const start = useSignal(asked.get("start") ?? "");
  const minutes = useSignal("10");
  const seed = useSignal("0");
  const channels = useSignal<ReadonlySet<number>>(new Set());
  const typed = useSignal<Typed>({});
  const problems = useSignal<Readonly<Record<string, string>>>({});
  const problem = useSignal("");
  const busy = useSignal(false);
  const alert = useRef<HTMLParagraphElement>(null);
  const engine = state.engines.value.find((one) => one.name === engineName.value);
  if (!engine) return <p class="message warning">No engine is installed.</p>;
  const starts = state.versions.value.filter((version) => version.engine === engine.name);
  const chosenStart = start.value || (starts[0] ? `version:${starts[0].id}` : "scratch");

  const fail = (sentence: string) => {
    problem.value = sentence;
    queueMicrotask(() => alert.current?.focus());
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const checked = readParams(engine.params, typed.value);
    const limit = minutes.value.trim() === "" ? null : Number(minutes.value);
    problems.value = checked.problems;
    if (Object.keys(checked.problems).length > 0) {
      return fail("Some of the parameters cannot be used; see below.");
    }
    if (limit !== null && !(limit > 0)) return fail("The minutes must be a number above 0.");
    busy.value = true;
    problem.value = "";
    try {
      const run = await api.startRun(state.project, {
        engine: engine.name,
        start: chosenStart,
        params: checked.params,
        seed: Number(seed.value) || 0,
        max_minutes: limit,
        channels: [...channels.value].sort((a, b) => a - b),
      });
      location.assign(address.run(run.id));
    } catch (error) {
      const field =
        error instanceof ApiError ? (error.data as { field?: string } | null)?.field : "";
      if (field) problems.value = { [field]: sentenceOf(error) };
      fail(sentenceOf(error));
      busy.value = false;
    }
  };
  const plain = engine.params.filter((param) => param.advanced === false);
  const advanced = engine.params.filter((param) => param.advanced !== false);
  const fields = (params: readonly EngineParam[]) =>
    params.map((param) => (
      <ParamField
        key={`${engine.name}-${param.name}`}
        param={param}
        value={typed.value[param.name]}
        problem={problems.value[param.name]}
        onChange={(value) => {
          typed.value = { ...typed.value, [param.name]: value };
        }}
      />
    ));

  return (
    <section class="panel">
      <h2>Train a model</h2>
      <form class="stack" onSubmit={(event) => void submit(event)} noValidate>
        {problem.value && (
          <p class="message error" role="alert" tabIndex={-1} ref={alert}>
            {problem.value}
          </p>
        )}
        <div class="field">
          <label for="run-engine">Engine</label>
          <select
            id="run-engine"
            value={engine.name}
            aria-describedby="run-engine-hint"
            onChange={(event) => {
              engineName.value = event.currentTarget.value;
              start.value = "";
              typed.value = {};
              problems.value = {};
            }}
          >
            {state.engines.value.map((one) => (
              <option key={one.name} value={one.name}>
                {one.title} {one.version}
              </option>
            ))}
          </select>
          <p class="hint" id="run-engine-hint">
            {engineHint(engine)}
          </p>
        </div>
        <StartField
          engine={engine}
          state={state}
          value={chosenStart}
          onChange={(value) => {
            start.value = value;
          }}
        />
        <div class="field">
          <label for="run-minutes">Minutes of training</label>
          <input
            id="run-minutes"
            inputMode="decimal"
            value={minutes.value}
            aria-describedby="run-minutes-hint"
            onInput={(event) => {
              minutes.value = event.currentTarget.value;
            }}
          />
          <p class="hint" id="run-minutes-hint">
            Loading, measuring and drafting come on top. Empty: as long as the engine thinks right.
          </p>
        </div>
        <ChannelField state={state} engine={engine} channels={channels} />
        {fields(plain)}
        <details class="advanced">
          <summary>Advanced: {advanced.length + 1} parameters</summary>
          <div class="form-grid">
            <div class="field">
              <label for="run-seed">Seed</label>
              <input
                id="run-seed"
                inputMode="numeric"
                value={seed.value}
                aria-describedby="run-seed-hint"
                onInput={(event) => {
                  seed.value = event.currentTarget.value;
                }}
              />
              <p class="hint" id="run-seed-hint">
                The same seed, set and parameters give the same run again.
              </p>
            </div>
            {fields(advanced)}
          </div>
        </details>
        <button class="button primary wide" type="submit" disabled={busy.value || !isReady}>
          {busy.value ? "Queueing…" : "Start training"}
        </button>
        {!isReady && (
          <p class="hint">Submit a region for training first; it is what the model learns from.</p>
        )}
      </form>
    </section>
  );
}

function engineHint(engine: Engine): string {
  const most = engine.max_channels === 1 ? "1 channel" : `up to ${engine.max_channels} channels`;
  return `${most}; licence ${engine.licence}`;
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
      <label for="run-start">Start from</label>
      <select
        id="run-start"
        value={value}
        aria-describedby="run-start-hint"
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="scratch">Scratch (random weights)</option>
        {versions.length > 0 && (
          <optgroup label="Earlier versions">
            {versions.map((version) => (
              <option key={version.id} value={`version:${version.id}`}>
                v{version.number}, AP50 {score(ap50(newest(version.evaluations)?.metrics.pooled))}
              </option>
            ))}
          </optgroup>
        )}
        {engine.pretrained.length > 0 && (
          <optgroup label="Official pretrained models">
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
          ? "Official weights are fetched once from their publisher. On a site without access to the internet the run ends at once and says so."
          : value === "scratch"
            ? "Needs more annotation than a start from an earlier or an official model."
            : "Goes on from that version: usually the best choice after a round of corrections."}
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
      <legend>Channels</legend>
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
        None ticked: those of the earlier version, else as many as the engine takes (
        {engine.max_channels}).
      </p>
    </fieldset>
  );
}
