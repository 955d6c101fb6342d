import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InstanceTable } from "../../src/labels/instances";
import { authorsOf, NO_AUTHORS } from "../../src/ui/editor/author_words";
import { authorColour, coloursBy } from "../../src/ui/editor/colour_choice";
import {
  between,
  OKABE_ITO,
  SCORE_COLOURS,
  SCORE_STEPS,
  scoreStep,
} from "../../src/ui/editor/palettes";

const columns = (score: (number | null)[]) => ({
  instance_id: score.map((_, i) => i + 1),
  ...{ area_px: score.map(() => 9), row0: [], col0: [], row1: [], col1: [] },
  ...{ state: score.map(() => "accepted" as const), score, class_name: [] },
});
const PLAIN = {
  ...{ style: "both" as const, palette: "hues" as const },
  ...{ classes: [], authors: NO_AUTHORS, isDraft: false },
};

/** Relative luminance, 0 to 1 (WCAG). */
function luminance(colour: string): number {
  const linear = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

describe("colours by score", () => {
  test("grow darker with the score, so that they are told apart without hues", () => {
    const bright = SCORE_COLOURS.slice(0, SCORE_STEPS).map(luminance);
    for (let step = 1; step < SCORE_STEPS; step++) {
      expect(bright[step] as number).toBeLessThan(bright[step - 1] as number);
    }
  });

  test("every score has a step, and none has one of its own", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (score) => {
        expect(scoreStep(score)).toBe(Math.min(SCORE_STEPS - 1, Math.floor(score * SCORE_STEPS)));
      }),
    );
    expect([scoreStep(null), scoreStep(Number.NaN)]).toEqual([SCORE_STEPS, SCORE_STEPS]);
    expect([scoreStep(-3), scoreStep(7)]).toEqual([0, SCORE_STEPS - 1]);
  });

  test("are those of objects and of drafts alike", () => {
    const table = new InstanceTable();
    table.load(columns([0.05, 0.99, null]));
    for (const isDraft of [false, true]) {
      const { indexOf } = coloursBy(table, { ...PLAIN, by: "score", isDraft });
      expect([1, 2, 3].map((id) => indexOf?.(id))).toEqual([0, SCORE_STEPS - 1, SCORE_STEPS]);
    }
  });
});

describe("colours by author", () => {
  const authors = authorsOf({
    instance_id: [1, 2, 3, 4, 5],
    created_by_id: [7, 9, 9, null, 9],
    authors: [
      { id: 7, name: "ada" },
      { id: 9, name: "bo" },
    ],
  });

  test("name people with how much they made, most first", () => {
    expect(authors.people.map(({ name, nObjects }) => [name, nObjects])).toEqual([
      ["bo", 3],
      ["ada", 1],
      ["Deleted account", 1],
    ]);
  });

  test("are the person's, and another one for what is newer than the answer", () => {
    const { colours, indexOf } = coloursBy(new InstanceTable(), {
      ...PLAIN,
      by: "author",
      authors,
    });
    const edge = (id: number) => colours.edge[indexOf?.(id) ?? -1];
    expect(edge(2)).toBe(edge(5));
    expect(new Set([1, 2, 4, 99].map(edge)).size).toBe(4);
    expect(authorColour(OKABE_ITO.length)).toBe(authorColour(0));
  });

  test("leave drafts as they are: nobody made them", () => {
    const by = (by: "author" | "instance") =>
      coloursBy(new InstanceTable(), { ...PLAIN, by, authors, isDraft: true });
    expect(by("author").colours).toBe(by("instance").colours);
  });
});

test("the colour-blind safe palette is a few colours far apart, the same for an object each time", () => {
  const { colours, indexOf } = coloursBy(new InstanceTable(), {
    ...{ ...PLAIN, by: "instance" as const, palette: "okabe-ito" as const },
  });
  const places = Array.from({ length: 500 }, (_, id) => indexOf?.(id + 1) ?? -1);
  expect(new Set(places)).toEqual(new Set(OKABE_ITO.map((_, place) => place)));
  expect(colours.edge.length).toBe(OKABE_ITO.length);
  expect(indexOf?.(17)).toBe(places[16]);
});

test("between two colours lies their mean, and at the ends they themselves", () => {
  const anchors = ["#000000", "#804020", "#ffffff"];
  expect([0, 0.25, 0.5, 1].map((part) => between(anchors, part))).toEqual([
    "#000000",
    "#402010",
    "#804020",
    "#ffffff",
  ]);
});
