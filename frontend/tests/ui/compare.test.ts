import { describe, expect, test, vi } from "vitest";
import { ApiError } from "../../src/api/client";
import type { LayerJson } from "../../src/api/types";
import {
  DIFFERENCE_KINDS,
  type DifferenceKind,
  Differences,
  type GroupColumns,
} from "../../src/labels/differences";
import { loadDifferences } from "../../src/ui/editor/compare_load";
import {
  groupText,
  KIND_WORDS,
  likelyPair,
  sideColouring,
} from "../../src/ui/editor/compare_words";
import { colourIndex } from "../../src/viewer/colouring";

const row = (id: string, kind: LayerJson["kind"], at = 0, n = 5) =>
  ({ id, kind, name: id, created_at: `2026-01-0${at + 1}`, n_instances: n }) as LayerJson;
const OWN = row("own", "annotation");
const EMPTY = { ...OWN, n_instances: 0 };
const [V3, V2, V1] = [3, 2, 1].map((n) => row(`v${n}`, "prediction", n)) as [
  LayerJson,
  LayerJson,
  LayerJson,
];

const group = (kind: DifferenceKind, a: number[], b: number[]): GroupColumns => ({
  ...{ kind, a_ids: a, b_ids: b, iou: 0.71, changed_px: 1234 },
  ...{ row0: 0, col0: 0, row1: 9, col1: 9 },
});

describe("the pair one most likely wants", () => {
  test("what became of the draft on screen, where something was drawn", () => {
    expect(likelyPair([OWN, V3, V2], "own", "v2")).toEqual(["v2", "own"]);
    expect(likelyPair([OWN, V3, V2], "own", undefined)).toEqual(["v3", "own"]);
  });

  test("else the older of two versions against the newer", () => {
    expect(likelyPair([EMPTY, V3, V2, V1], "own", undefined)).toEqual(["v2", "v3"]);
    expect(likelyPair([EMPTY, V3, V2, V1], "own", "v1")).toEqual(["v1", "v3"]);
  });

  test("else two people, and nothing where there is only one layer", () => {
    const other = row("second", "annotation");
    expect(likelyPair([OWN, other], "own", undefined)).toEqual(["own", "second"]);
    expect(likelyPair([EMPTY, V1], "own", undefined)).toEqual(["v1", "own"]);
    expect(likelyPair([OWN], "own", undefined)).toBeUndefined();
  });
});

describe("asking what differs", () => {
  const counts = Object.fromEntries(DIFFERENCE_KINDS.map((kind) => [kind, 0]));
  const wanted = {
    ...{ a: "v1", b: "v2", plane: { t: 0, z: 2 } },
    box: { x0: 1, y0: 2, x1: 30, y1: 40 },
  };

  test("pages are asked for until all are there", async () => {
    const all = Array.from({ length: 5 }, (_, i) => group("vanished", [i + 1], []));
    const differences = vi.fn(async (_id: string, { offset }: { offset: number }) => ({
      ...{ counts, n_groups: all.length, hides_blind: true },
      groups: all.slice(offset, offset + 2),
    }));
    const found = await loadDifferences({ differences } as never, {
      ...wanted,
      onProgress() {},
      isWanted: () => true,
    });
    expect(found.found.groups.map((one) => one.a[0])).toEqual([1, 2, 3, 4, 5]);
    expect(found.hidesBlind).toBe(true);
    expect(differences.mock.calls[0]?.[1]).toMatchObject({
      ...{ other: "v2", t: 0, z: 2, box: "2,1,40,30", offset: 0 },
    });
  });

  test("what takes long is asked for again, and told, for as long as it is wanted", async () => {
    const unfinished = (n_done: number) =>
      new ApiError(422, {
        ...{ code: "comparison_unfinished", message: "Ask again." },
        data: { n_done, n_chunks: 9 },
      });
    let asked = 0;
    const differences = async () => {
      asked++;
      if (asked < 3) throw unfinished(asked);
      return { counts, n_groups: 0, groups: [], hides_blind: false };
    };
    const told: number[][] = [];
    const onProgress = (...progress: number[]) => told.push(progress);
    const ask = (isWanted: () => boolean) =>
      loadDifferences({ differences } as never, { ...wanted, onProgress, isWanted });
    expect((await ask(() => true)).nGroups).toBe(0);
    expect(told).toEqual([
      [1, 9],
      [2, 9],
    ]);
    asked = 0;
    await expect(ask(() => false)).rejects.toThrow("Ask again.");
  });
});

describe("how differences look", () => {
  const found = new Differences([
    group("split", [1], [4, 5]),
    group("vanished", [2], []),
    group("same", [3], [6]),
  ]);
  const look = { isDrawn: (kind: DifferenceKind) => kind !== "same", edgeWidth: 2 };

  test("A is a dashed line over what B fills, in the colour of the kind", () => {
    const a = sideColouring("a", found, { ...look, isApart: false });
    const b = sideColouring("b", found, { ...look, isApart: false });
    const filled = (side: typeof a, id: number) => side.colours.fill[colourIndex(side, id)] !== 0;
    expect([1, 2].map((id) => filled(a, id))).toEqual([false, true]);
    expect(filled(b, 4)).toBe(true);
    expect(a.dashOf?.(1)).not.toBe(a.dashOf?.(2));
    expect(b.dashOf?.(4)).toBe(0);
    expect(colourIndex(b, 4)).toBe(colourIndex(a, 1));
  });

  test("beside a curtain both sides are filled and solid", () => {
    const a = sideColouring("a", found, { ...look, isApart: true });
    expect(a.dashOf?.(1)).toBe(0);
    expect(a.colours.fill[colourIndex(a, 1)]).not.toBe(0);
  });

  test("kinds that are off, and instances of which nothing was told, are not drawn", () => {
    const a = sideColouring("a", found, { ...look, isApart: false });
    expect([1, 2, 3, 77].map((id) => a.isHidden?.(id))).toEqual([false, false, true, true]);
  });

  test("every kind has a colour and a sign of its own", () => {
    const words = DIFFERENCE_KINDS.map((kind) => KIND_WORDS[kind]);
    expect(new Set(words.map((one) => one.colour)).size).toBe(words.length);
    expect(new Set(words.map((one) => one.sign)).size).toBe(words.length);
  });

  test("a group says in words what happened", () => {
    const text = found.groups.map(groupText);
    expect(text[0]).toBe("1 → 2 objects");
    expect(text[1]).toBe("1,234 px");
    expect(text[2]).toBe("IoU 0.71, 1,234 px differ");
  });
});
