import { afterEach, describe, expect, test, vi } from "vitest";
import type { ImageCard } from "../../src/api/page_types";
import { api } from "../../src/api/pages";
import { ImageGrid } from "../../src/ui/pages/project/grid";
import { painters } from "../../src/ui/pages/project/ImageTile";

const FAILED: ImageCard = {
  id: "i",
  name: "broken.tif",
  state: "failed",
  split: "none",
  tags: [],
  group: "",
  width: null,
  height: null,
  n_channels: null,
  error_message: "This TIFF file is damaged.",
};

describe("a failed image", () => {
  afterEach(() => vi.restoreAllMocks());

  test("is read again, and shows that it waits", async () => {
    const grid = new ImageGrid("p");
    grid.images.value = [FAILED];
    const asked = vi
      .spyOn(api, "retryImage")
      .mockResolvedValue({ ...FAILED, state: "queued", error_message: "" });

    expect(await grid.retry(FAILED)).toBe("");

    expect(asked).toHaveBeenCalledWith("i");
    expect(grid.images.value[0]?.state).toBe("queued");
  });

  test("says why when it cannot be read again", async () => {
    const grid = new ImageGrid("p");
    grid.images.value = [FAILED];
    vi.spyOn(api, "retryImage").mockRejectedValue(new Error("Only an image that failed …"));

    expect(await grid.retry(FAILED)).toBe("Only an image that failed …");
    expect(grid.images.value[0]).toBe(FAILED);
  });
});

test.each([
  [["mei"], "mei"],
  [["mei", "ana"], "mei, ana"],
  [["mei", "ana", "tom"], "mei and 2 others"],
])("who painted, %j, reads %s", (names, words) => {
  expect(painters(names)).toBe(words);
});
