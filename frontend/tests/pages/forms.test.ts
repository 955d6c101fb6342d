import { describe, expect, test } from "vitest";
import type { EngineParam, Epoch } from "../../src/api/page_types";
import { flat } from "../../src/ui/pages/parts/Facts";
import { mergeEpochs } from "../../src/ui/pages/run/state";
import { readChannels, readParams } from "../../src/ui/pages/training/params";
import { figuresOf } from "../../src/ui/pages/version/Examples";

function param(fields: Partial<EngineParam>): EngineParam {
  const base = {
    name: "rays",
    title: "Rays",
    help: "",
    type: "int",
    default: 32,
    low: 3,
    high: 256,
    choices: [],
  };
  return { ...base, ...fields } as EngineParam;
}

describe("channels of a model from elsewhere", () => {
  test.each([
    ["", []],
    ["1", [1]],
    ["2, 0", [2, 0]],
    [" 0 1;2 ", [0, 1, 2]],
    ["1, 1", null],
    ["red", null],
    ["-1", null],
    ["1.5", null],
  ])("%j", (typed, channels) => {
    expect(readChannels(typed)).toEqual(channels);
  });
});

describe("parameters", () => {
  test("only what differs from the default is sent", () => {
    const params = [param({}), param({ name: "grid", default: 2 })];

    expect(readParams(params, { rays: "32", grid: "4" })).toEqual({
      params: { grid: 4 },
      problems: {},
    });
  });

  test.each([
    ["2", "Rays must be at least 3."],
    ["257", "Rays must be at most 256."],
    ["4.5", "Rays must be a whole number."],
    ["many", "Rays must be a number."],
  ])("%s is refused with a sentence", (typed, sentence) => {
    expect(readParams([param({})], { rays: typed }).problems).toEqual({ rays: sentence });
  });

  test("yes and no are sent as such", () => {
    const params = [param({ name: "flip", type: "bool", default: true })];

    expect(readParams(params, { flip: false }).params).toEqual({ flip: false });
  });
});

describe("a run's news", () => {
  const epoch = (number: number, loss: number): Epoch => ({
    epoch: number,
    n_epochs: 9,
    train_loss: loss,
    validation_loss: null,
    learning_rate: 0.1,
    duration_s: 1,
  });

  test("a resumed run overwrites the epochs it repeats", () => {
    const merged = mergeEpochs([epoch(1, 9), epoch(2, 8)], [epoch(3, 6), epoch(2, 7)]);

    expect(merged.map((one) => one.train_loss)).toEqual([9, 7, 6]);
  });
});

describe("records and examples", () => {
  test("nested records are flattened and values made readable", () => {
    expect(flat({ a: { b: true, c: null }, d: [1, 0.12345], e: "" })).toEqual([
      ["a, b", "yes"],
      ["a, c", "–"],
      ["d", "1, 0.123"],
      ["e", "–"],
    ]);
  });

  test("pictures come with their images' scores, the worst first", () => {
    const per_image = [0.9, 0.1, 0.5].map((ap, at) => ({
      image: `i${at}`,
      name: `n${at}`,
      ap: { "0.5": ap },
    }));
    const examples = ["i0", "i1"].map((image) => ({ id: `of ${image}`, image }));
    const bare = { id: "e", training_set: null, split: "validation", metrics: {} };
    const measured = { ...bare, per_image, examples };

    expect(figuresOf(measured)).toEqual([
      { id: "of i1", image: "i1", name: "n1", ap: 0.1 },
      { id: "of i0", image: "i0", name: "n0", ap: 0.9 },
    ]);
    expect(figuresOf({ ...measured, examples: [] })).toEqual([]);
  });
});
