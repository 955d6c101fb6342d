/** The form that brings in a model trained elsewhere. */

import { useSignal } from "@preact/signals";
import { api, sentenceOf } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { readChannels } from "./params";
import type { TrainingState } from "./state";

export function UploadModel({ state }: { state: TrainingState }) {
  const note = useSignal("");
  const isProblem = useSignal(false);
  const busy = useSignal(false);
  const trainable = state.engines.value.filter(
    (engine) => engine.pretrained.length > 0 && engine.missing === "",
  );
  if (trainable.length === 0) return null;
  const names = state.channels.value;

  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const channels = readChannels(String(data.get("channels") ?? ""));
    if (channels === null) {
      isProblem.value = true;
      note.value = texts.training.upload.channelsProblem;
      return;
    }
    data.delete("channels");
    for (const channel of channels) data.append("channels", String(channel));
    busy.value = true;
    try {
      await api.uploadVersion(state.project, data);
      form.reset();
      isProblem.value = false;
      note.value = texts.training.upload.done;
    } catch (error) {
      isProblem.value = true;
      note.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <details class="panel">
      <summary class="label">{texts.training.upload.title}</summary>
      <form
        class="stack"
        style={{ marginTop: "0.75rem" }}
        onSubmit={(event) => void submit(event as SubmitEvent & { currentTarget: HTMLFormElement })}
      >
        <div class="form-grid">
          <div class="field">
            <label for="model-engine">{texts.training.upload.engine}</label>
            <select id="model-engine" name="engine">
              {trainable.map((engine) => (
                <option key={engine.name} value={engine.name}>
                  {engine.title}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for="model-licence">{texts.training.upload.licence}</label>
            <input
              id="model-licence"
              name="licence"
              maxLength={100}
              placeholder={texts.training.upload.licenceExample}
            />
          </div>
          <div class="field span">
            <label for="model-channels">{texts.training.upload.channels}</label>
            <input
              id="model-channels"
              name="channels"
              placeholder={texts.training.upload.channelsExample}
              aria-describedby="model-channels-hint"
            />
            <p class="hint" id="model-channels-hint">
              {texts.training.upload.channelsHelp(names)}
            </p>
          </div>
          <div class="field span">
            <label for="model-file">{texts.training.upload.file}</label>
            <input id="model-file" name="file" type="file" required aria-describedby="model-hint" />
            <p class="hint" id="model-hint">
              {texts.training.upload.fileHelp}
            </p>
          </div>
        </div>
        {note.value && (
          <p class={`message ${isProblem.value ? "error" : "success"}`} role="status">
            {note.value}
          </p>
        )}
        <p>
          <button class="button" type="submit" disabled={busy.value}>
            {busy.value ? texts.training.upload.uploading : texts.training.upload.upload}
          </button>
        </p>
      </form>
    </details>
  );
}
