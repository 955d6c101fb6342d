import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tusTransfer, UploadQueue } from "../../src/ui/pages/project/uploads";

const made = vi.hoisted(() => ({
  started: 0,
  aborted: 0,
  /** Lets the question for earlier attempts be answered. */
  answer: (): void => undefined,
}));

vi.mock("tus-js-client", () => ({
  Upload: class {
    findPreviousUploads(): Promise<unknown[]> {
      return new Promise((done) => {
        made.answer = () => done([]);
      });
    }
    start(): void {
      made.started++;
    }
    async abort(): Promise<void> {
      made.aborted++;
    }
  },
}));

let queue: UploadQueue;

beforeEach(() => {
  made.started = made.aborted = 0;
  queue = new UploadQueue("project", () => undefined, tusTransfer);
  queue.add([new File(["pixels"], "a.tif")], "");
});
afterEach(() => vi.restoreAllMocks());

const calm = () => new Promise((done) => setTimeout(done, 1));

test("a transfer starts when it is known what was sent before", async () => {
  expect(made.started).toBe(0);
  made.answer();
  await calm();
  expect(made.started).toBe(1);
});

test("a transfer that is stopped before that never starts", async () => {
  const [upload] = queue.uploads.value;
  if (upload) queue.remove(upload);
  made.answer();
  await calm();
  expect(made.started).toBe(0);
  expect(made.aborted).toBe(1);
});
