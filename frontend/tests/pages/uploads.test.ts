import { describe, expect, test } from "vitest";
import { fromFolder } from "../../src/ui/pages/project/files";
import { filtersOf, NO_FILTERS, parseTags, searchOf } from "../../src/ui/pages/project/grid";
import {
  canRecover,
  type End,
  readRefusal,
  type Upload,
  UploadQueue,
} from "../../src/ui/pages/project/uploads";

function file(name: string): File {
  return new File(["x"], name);
}

/** A queue whose transfers end when the test says so. */
function world() {
  const open = new Map<string, (end: End) => void>();
  let images = 0;
  const queue = new UploadQueue(
    "p",
    () => {
      images += 1;
    },
    (upload: Upload, _project, end) => {
      open.set(upload.file.name, end);
      return () => open.delete(upload.file.name);
    },
  );
  const end = (name: string, how: End) => {
    const finish = open.get(name);
    open.delete(name);
    finish?.(how);
  };
  return { queue, open, end, images: () => images };
}

describe("the upload queue", () => {
  test("two files travel at a time and the others wait", () => {
    const { queue, open, end } = world();

    queue.add(["a", "b", "c"].map(file), "");
    expect([...open.keys()]).toEqual(["a", "b"]);

    end("a", { state: "done", image: "1" });
    expect([...open.keys()]).toEqual(["b", "c"]);
  });

  test("every end is counted once, and only new images are announced", () => {
    const { queue, end, images } = world();
    queue.add(["a", "b", "c"].map(file), "");

    end("a", { state: "done", image: "1" });
    end("b", { state: "duplicate", image: "1" });
    end("c", { state: "failed", sentence: "No." });

    expect(queue.counts.value).toEqual({
      waiting: 0,
      sending: 0,
      done: 1,
      duplicate: 1,
      failed: 1,
    });
    expect(images()).toBe(1);
    expect(queue.isBusy).toBe(false);
  });

  test("a failed file can be tried again", () => {
    const { queue, end, open } = world();
    queue.add([file("a")], "");
    end("a", { state: "failed", sentence: "The connection was lost." });

    queue.retryFailed();

    expect(open.has("a")).toBe(true);
    expect(queue.uploads.value[0]?.sentence.value).toBe("");
  });

  test("a stopped file makes room for the next", () => {
    const { queue, open } = world();
    queue.add(["a", "b", "c"].map(file), "");

    const first = queue.uploads.value[0];
    if (first) queue.remove(first);

    expect([...open.keys()]).toEqual(["b", "c"]);
    expect(queue.uploads.value).toHaveLength(2);
  });
});

describe("refusals", () => {
  test("the same bytes again are no failure", () => {
    const body = JSON.stringify({
      code: "duplicate_image",
      message: "Here.",
      data: { image: "7" },
    });

    expect(readRefusal(409, body)).toEqual({ state: "duplicate", image: "7", sentence: "Here." });
  });

  test("the server's sentence is shown as it is", () => {
    const body = JSON.stringify({ code: "storage_full", message: "The disk is full.", data: {} });

    expect(readRefusal(507, body)).toEqual({ state: "failed", sentence: "The disk is full." });
  });

  test("an answer that is no JSON still gives a sentence", () => {
    expect(readRefusal(413, "<html>").sentence).toContain("413");
    expect(readRefusal(0, "").sentence).toContain("connection");
  });

  test("only what may pass is tried again", () => {
    expect([0, 423, 429, 500, 503].every(canRecover)).toBe(true);
    expect([400, 403, 404, 409, 413, 507].some(canRecover)).toBe(false);
  });
});

describe("what a person picked", () => {
  test("of a folder only images are taken, and the rest is counted", () => {
    const picked = fromFolder(["a.TIF", "b.ome.tiff", "notes.txt", ".DS_Store"].map(file));

    expect(picked.files.map((one) => one.name)).toEqual(["a.TIF", "b.ome.tiff"]);
    expect(picked.nSkipped).toBe(2);
  });

  test("tags are trimmed and each once", () => {
    expect(parseTags(" H&E, batch 2 ,,H&E")).toEqual(["H&E", "batch 2"]);
  });

  test("filters survive the address", () => {
    const filters = { ...NO_FILTERS, name: "a&b", split: "test" };

    expect(filtersOf(searchOf(filters, 3))).toEqual({ filters, page: 3 });
    expect(searchOf(NO_FILTERS, 1)).toBe("");
    expect(filtersOf("?page=-2").page).toBe(1);
  });
});
