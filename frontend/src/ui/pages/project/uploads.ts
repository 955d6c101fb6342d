/** The queue of uploads: two at a time, resumable in pieces, each with its own end. */

import { batch, computed, type Signal, signal } from "@preact/signals";
import * as tus from "tus-js-client";
import { address, uploadHeaders } from "../../../api/pages";
import * as texts from "../../../texts/pages";

const PIECE_BYTES = 8 * 1024 * 1024; // the server takes pieces of at most this size
const AT_ONCE = 2;
const RETRY_MS = [500, 2000, 5000, 15_000, 30_000];

export type UploadState = "waiting" | "sending" | "done" | "duplicate" | "failed";

export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly tags: string;
  readonly sent: Signal<number>;
  readonly state: Signal<UploadState>;
  readonly sentence: Signal<string>;
  /** The image it became, or the one that holds the same bytes. */
  readonly image: Signal<string>;
}

/** How one transfer runs; replaced in tests. */
export type Transfer = (upload: Upload, project: string, end: (end: End) => void) => () => void;

export interface End {
  readonly state: "done" | "duplicate" | "failed";
  readonly image?: string;
  readonly sentence?: string;
}

export class UploadQueue {
  readonly uploads = signal<readonly Upload[]>([]);
  readonly counts = computed(() => countStates(this.uploads.value));
  private readonly project: string;
  private readonly transfer: Transfer;
  private readonly onImage: () => void;
  private readonly running = new Map<number, () => void>();
  private nextKey = 1;

  constructor(project: string, onImage: () => void, transfer: Transfer = tusTransfer) {
    this.project = project;
    this.onImage = onImage;
    this.transfer = transfer;
  }

  add(files: readonly File[], tags: string): void {
    const fresh = files.map((file) => this.entry(file, tags));
    this.uploads.value = [...this.uploads.value, ...fresh];
    this.fill();
  }

  retry(upload: Upload): void {
    if (upload.state.value !== "failed") return;
    batch(() => {
      upload.sentence.value = "";
      upload.state.value = "waiting";
    });
    this.fill();
  }

  retryFailed(): void {
    for (const upload of this.uploads.value) this.retry(upload);
  }

  /** Stop and forget an upload; what was sent of it is dropped by the server in time. */
  remove(upload: Upload): void {
    this.running.get(upload.key)?.();
    this.running.delete(upload.key);
    this.uploads.value = this.uploads.value.filter((other) => other !== upload);
    this.fill();
  }

  clearEnded(): void {
    this.uploads.value = this.uploads.value.filter((upload) => isOpen(upload.state.value));
  }

  get isBusy(): boolean {
    return this.uploads.value.some((upload) => isOpen(upload.state.value));
  }

  private entry(file: File, tags: string): Upload {
    const key = this.nextKey++;
    return {
      key,
      file,
      tags,
      sent: signal(0),
      state: signal<UploadState>("waiting"),
      sentence: signal(""),
      image: signal(""),
    };
  }

  private fill(): void {
    for (const upload of this.uploads.value) {
      if (this.running.size >= AT_ONCE) return;
      if (upload.state.value === "waiting") this.start(upload);
    }
  }

  private start(upload: Upload): void {
    upload.state.value = "sending";
    const stop = this.transfer(upload, this.project, (end) => this.finish(upload, end));
    if (upload.state.value === "sending") this.running.set(upload.key, stop);
  }

  private finish(upload: Upload, end: End): void {
    this.running.delete(upload.key);
    batch(() => {
      upload.image.value = end.image ?? "";
      upload.sentence.value = end.sentence ?? "";
      upload.state.value = end.state;
    });
    if (end.state === "done") this.onImage();
    this.fill();
  }
}

function isOpen(state: UploadState): boolean {
  return state === "waiting" || state === "sending";
}

function countStates(uploads: readonly Upload[]): Record<UploadState, number> {
  const counts = { waiting: 0, sending: 0, done: 0, duplicate: 0, failed: 0 };
  for (const upload of uploads) counts[upload.state.value] += 1;
  return counts;
}

export function tusTransfer(upload: Upload, project: string, end: (end: End) => void): () => void {
  let image = "";
  let isStopped = false;
  const transfer = new tus.Upload(upload.file, {
    endpoint: address.uploads(project),
    chunkSize: PIECE_BYTES,
    retryDelays: RETRY_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: upload.file.name, tags: upload.tags },
    headers: uploadHeaders(),
    onShouldRetry: (error) => canRecover(error.originalResponse?.getStatus() ?? 0),
    onProgress: (sent) => {
      upload.sent.value = sent;
    },
    onAfterResponse: (_request, response) => {
      image = response.getHeader("Cytoloop-Image") ?? image;
    },
    onSuccess: () => end({ state: "done", image }),
    onError: (error) => end(endOf(error)),
  });
  void transfer
    .findPreviousUploads()
    .then((previous) => {
      const last = previous[0];
      if (last) transfer.resumeFromPreviousUpload(last);
    })
    .catch(() => undefined) // a browser without storage starts from the first byte
    .then(() => {
      if (!isStopped) transfer.start();
    });
  return () => {
    isStopped = true;
    void transfer.abort(true).catch(() => undefined);
  };
}

/** No answer, a busy upload and a server in trouble may pass; a refusal will not. */
export function canRecover(status: number): boolean {
  return status === 0 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}

function endOf(error: Error | tus.DetailedError): End {
  const response = "originalResponse" in error ? error.originalResponse : null;
  return readRefusal(response?.getStatus() ?? 0, response?.getBody() ?? "");
}

/** What a refused upload means: the same image is here already, or it failed with a sentence. */
export function readRefusal(status: number, body: string): End {
  const told = parse(body);
  const data = (told["data"] ?? {}) as Record<string, unknown>;
  const image = String(data["image"] ?? data["image_id"] ?? data["id"] ?? "");
  const message = String(told["message"] ?? "");
  if (status === 409 && image) {
    return {
      state: "duplicate",
      image,
      sentence: message || texts.images.upload.hereAlready,
    };
  }
  if (message) return { state: "failed", sentence: message };
  const sentence =
    status === 0 ? texts.images.upload.connectionLost : texts.images.upload.refused(status);
  return { state: "failed", sentence };
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
