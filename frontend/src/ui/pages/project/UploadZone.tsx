/** Where images come in: drop, files or a folder; below it how each file fares. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../../../api/pages";
import { bytes, count } from "../format";
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
    note.value = picked.nSkipped
      ? `${count(picked.nSkipped, "file")} in the folder left out: not an image by name.`
      : "";
    queue.add(picked.files, tags.value);
  };
  const onPick = (input: HTMLInputElement, read: (files: Iterable<File>) => Picked) => {
    take(read(input.files ?? []));
    input.value = ""; // the same file may be picked again after it failed
  };
  return (
    <section aria-label="Upload images" class="stack">
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
            <h2>Drop images here</h2>
          ) : (
            <strong>Add images: drop files or a folder here</strong>
          )}
          <p class="muted small">
            TIFF, OME-TIFF, PNG or JPEG; grey, colour or up to 16 channels. The original file is
            kept as it is.
          </p>
        </div>
        <div class="row">
          <input
            aria-label="Tags for the new images, with commas between them"
            placeholder="Tags, e.g. H&E, batch 2"
            value={tags.value}
            onInput={(event) => {
              tags.value = event.currentTarget.value;
            }}
            style={{ width: "190px" }}
          />
          <button class="button primary" type="button" onClick={() => files.current?.click()}>
            Choose files
          </button>
          <button class="button" type="button" onClick={() => folder.current?.click()}>
            Choose a folder
          </button>
        </div>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label="Image files"
          onChange={(event) => onPick(event.currentTarget, chosen)}
        />
        <input
          ref={folder}
          type="file"
          hidden
          aria-label="A folder of images"
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
              ? `Uploading: ${counts.done + counts.duplicate} of ${uploads.length} done`
              : endedLine(counts)}
          </span>
        </h2>
        <div class="row">
          {counts.failed > 0 && (
            <button class="button slim" type="button" onClick={() => queue.retryFailed()}>
              Retry the failed
            </button>
          )}
          {open < uploads.length && (
            <button class="button slim quiet" type="button" onClick={() => queue.clearEnded()}>
              Clear the list
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
    counts.done > 0 ? `${count(counts.done, "image")} uploaded` : "",
    counts.duplicate > 0 ? `${count(counts.duplicate, "file")} here already` : "",
    counts.failed > 0 ? `${count(counts.failed, "file")} failed` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** What went well needs no row: it is counted above and shows up in the grid. */
function isWorthARow(upload: Upload): boolean {
  return upload.state.value !== "done";
}

const WORDS = {
  waiting: ["Waiting", ""],
  sending: ["Sending", "busy"],
  done: ["Uploaded", "good"],
  duplicate: ["Here already", "warn"],
  failed: ["Failed", "bad"],
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
        <progress max={Math.max(1, size)} value={sent} aria-label={`Sent of ${upload.file.name}`} />
      ) : (
        <span />
      )}
      <span class="row">
        <span class={`badge ${tone}`}>
          {state === "sending" && size > 0 ? `${Math.floor((sent / size) * 100)} %` : word}
        </span>
        {state === "failed" && (
          <button class="button slim" type="button" onClick={() => queue.retry(upload)}>
            Retry<span class="visually-hidden"> {upload.file.name}</span>
          </button>
        )}
        {state !== "done" && state !== "duplicate" && (
          <button class="button slim quiet" type="button" onClick={() => queue.remove(upload)}>
            {state === "failed" ? "Dismiss" : "Stop"}
            <span class="visually-hidden"> {upload.file.name}</span>
          </button>
        )}
      </span>
      {upload.sentence.value && (
        <span class={`sentence ${state === "failed" ? "field-error" : "muted"}`}>
          {upload.sentence.value}{" "}
          {state === "duplicate" && upload.image.value && (
            <a href={address.editor(upload.image.value)}>Open it</a>
          )}
        </span>
      )}
    </li>
  );
}
