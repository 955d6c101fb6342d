/** Where images come in: drop, files or a folder; below it how each file fares. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { bytes } from "../format";
import { chosen, dropped, fromFolder, type Picked } from "./files";
import type { Upload, UploadQueue, UploadState } from "./uploads";

export function UploadZone({ queue, isEmpty }: { queue: UploadQueue; isEmpty: boolean }) {
  const isOver = useSignal(false);
  const tags = useSignal("");
  const note = useSignal("");
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (queue.isBusy) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [queue]);

  const take = (picked: Picked) => {
    note.value = picked.nSkipped ? texts.images.upload.leftOut(picked.nSkipped) : "";
    queue.add(picked.files, tags.value);
  };
  const onPick = (input: HTMLInputElement, read: (files: Iterable<File>) => Picked) => {
    take(read(input.files ?? []));
    input.value = ""; // the same file may be picked again after it failed
  };
  return (
    <section aria-label={texts.images.upload.title} class="stack">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping has the buttons as its keyboard way */}
      <div
        class={`dropzone ${isEmpty ? "tall" : ""} ${isOver.value ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => {
          isOver.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          if (event.dataTransfer) void dropped(event.dataTransfer).then(take);
        }}
      >
        <div class={isEmpty ? "" : "grow"}>
          {isEmpty ? (
            <h2>{texts.images.upload.drop}</h2>
          ) : (
            <strong>{texts.images.upload.add}</strong>
          )}
          <p class="muted small">{texts.images.upload.formats}</p>
        </div>
        <div class="row">
          <input
            aria-label={texts.images.upload.tagsHelp}
            placeholder={texts.images.upload.tags}
            value={tags.value}
            onInput={(event) => {
              tags.value = event.currentTarget.value;
            }}
            style={{ width: "190px" }}
          />
          <button class="button primary" type="button" onClick={() => files.current?.click()}>
            {texts.images.upload.chooseFiles}
          </button>
          <button class="button" type="button" onClick={() => folder.current?.click()}>
            {texts.images.upload.chooseFolder}
          </button>
        </div>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label={texts.images.upload.files}
          onChange={(event) => onPick(event.currentTarget, chosen)}
        />
        <input
          ref={folder}
          type="file"
          hidden
          aria-label={texts.images.upload.folder}
          {...{ webkitdirectory: true }}
          onChange={(event) => onPick(event.currentTarget, fromFolder)}
        />
      </div>
      {note.value && (
        <p class="hint" role="status">
          {note.value}
        </p>
      )}
      <UploadList queue={queue} />
    </section>
  );
}

function UploadList({ queue }: { queue: UploadQueue }) {
  const uploads = queue.uploads.value;
  const counts = queue.counts.value;
  if (uploads.length === 0) return null;
  const open = counts.waiting + counts.sending;
  return (
    <div class="panel flush">
      <div class="panel-head">
        <h2>
          <span role="status">
            {open > 0
              ? texts.images.upload.progress(counts.done + counts.duplicate, uploads.length)
              : endedLine(counts)}
          </span>
        </h2>
        <div class="row">
          {counts.failed > 0 && (
            <button class="button slim" type="button" onClick={() => queue.retryFailed()}>
              {texts.images.upload.retryFailed}
            </button>
          )}
          {open < uploads.length && (
            <button class="button slim quiet" type="button" onClick={() => queue.clearEnded()}>
              {texts.images.upload.clear}
            </button>
          )}
        </div>
      </div>
      <ul class="uploads">
        {uploads.filter(isWorthARow).map((upload) => (
          <UploadRow key={upload.key} upload={upload} queue={queue} />
        ))}
      </ul>
    </div>
  );
}

/** How all uploads ended, only what there is to say: "3 images uploaded, 2 were here already". */
function endedLine(counts: Readonly<Record<UploadState, number>>): string {
  const parts = [
    counts.done > 0 ? texts.images.upload.nUploaded(counts.done) : "",
    counts.duplicate > 0 ? texts.images.upload.nDuplicate(counts.duplicate) : "",
    counts.failed > 0 ? texts.images.upload.nFailed(counts.failed) : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** What went well needs no row: it is counted above and shows up in the grid. */
function isWorthARow(upload: Upload): boolean {
  return upload.state.value !== "done";
}

const WORDS = {
  waiting: [texts.images.upload.states.waiting, ""],
  sending: [texts.images.upload.states.sending, "busy"],
  done: [texts.images.upload.states.done, "good"],
  duplicate: [texts.images.upload.states.duplicate, "warn"],
  failed: [texts.images.upload.states.failed, "bad"],
} as const;

function UploadRow({ upload, queue }: { upload: Upload; queue: UploadQueue }) {
  const state = upload.state.value;
  const size = upload.file.size;
  const [word, tone] = WORDS[state];
  const sent = state === "done" ? size : upload.sent.value;
  return (
    <li>
      <span class="name" title={upload.file.name}>
        {upload.file.name} <span class="muted small">{bytes(size)}</span>
      </span>
      {state === "sending" ? (
        <progress
          max={Math.max(1, size)}
          value={sent}
          aria-label={texts.images.upload.sentOf(upload.file.name)}
        />
      ) : (
        <span />
      )}
      <span class="row">
        <span class={`badge ${tone}`}>
          {state === "sending" && size > 0 ? `${Math.floor((sent / size) * 100)} %` : word}
        </span>
        {state === "failed" && (
          <button class="button slim" type="button" onClick={() => queue.retry(upload)}>
            {texts.images.upload.retry}
            <span class="visually-hidden"> {upload.file.name}</span>
          </button>
        )}
        {state !== "done" && state !== "duplicate" && (
          <button class="button slim quiet" type="button" onClick={() => queue.remove(upload)}>
            {state === "failed" ? texts.images.upload.dismiss : texts.images.upload.stop}
            <span class="visually-hidden"> {upload.file.name}</span>
          </button>
        )}
      </span>
      {upload.sentence.value && (
        <span class={`sentence ${state === "failed" ? "field-error" : "muted"}`}>
          {upload.sentence.value}{" "}
          {state === "duplicate" && upload.image.value && (
            <a href={address.editor(upload.image.value)}>{texts.images.upload.open}</a>
          )}
        </span>
      )}
    </li>
  );
}
