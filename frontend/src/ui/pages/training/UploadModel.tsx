/** The form that brings in a model trained elsewhere. */

import { useSignal } from "@preact/signals";
import { api, sentenceOf } from "../../../api/pages";
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
      note.value = "Name each channel once by its number, for example 2, 0.";
      return;
    }
    data.delete("channels");
    for (const channel of channels) data.append("channels", String(channel));
    busy.value = true;
    try {
      await api.uploadVersion(state.project, data);
      form.reset();
      isProblem.value = false;
      note.value = "Uploaded. The version appears here once the engine has opened the file.";
    } catch (error) {
      isProblem.value = true;
      note.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <details class="panel">
      <summary class="label">Bring in a model trained elsewhere</summary>
      <form
        class="stack"
        style={{ marginTop: "0.75rem" }}
        onSubmit={(event) => void submit(event as SubmitEvent & { currentTarget: HTMLFormElement })}
      >
        <div class="form-grid">
          <div class="field">
            <label for="model-engine">Engine</label>
            <select id="model-engine" name="engine">
              {trainable.map((engine) => (
                <option key={engine.name} value={engine.name}>
                  {engine.title}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for="model-licence">Licence of the weights</label>
            <input
              id="model-licence"
              name="licence"
              maxLength={100}
              placeholder="e.g. BSD-3-Clause"
            />
          </div>
          <div class="field span">
            <label for="model-channels">Channels it looks at</label>
            <input
              id="model-channels"
              name="channels"
              placeholder="e.g. 2, 0"
              aria-describedby="model-channels-hint"
            />
            <p class="hint" id="model-channels-hint">
              Numbers in the order the model takes them
              {names.length > 0 && ` (${names.map((name, i) => `${i} is ${name}`).join(", ")})`}. A
              Cellpose model takes one channel, or cells and then nuclei; of three or more, their
              mean. Empty: those the file names, else the first.
            </p>
          </div>
          <div class="field span">
            <label for="model-file">File</label>
            <input id="model-file" name="file" type="file" required aria-describedby="model-hint" />
            <p class="hint" id="model-hint">
              A StarDist model folder as zip, or a Cellpose or Cellpose-SAM model file.
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
            {busy.value ? "Uploading…" : "Upload the model"}
          </button>
        </p>
      </form>
    </details>
  );
}
