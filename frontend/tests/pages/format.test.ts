import { describe, expect, test } from "vitest";
import {
  bytes,
  digits,
  duration,
  engineTitle,
  percent,
  score,
  signed,
} from "../../src/ui/pages/format";

describe("numbers", () => {
  test.each([
    [0.8149, "0.81"],
    [0, "0.00"],
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("a score of %s reads %s", (value, text) => {
    expect(score(value)).toBe(text);
  });

  test.each([
    [0.0712, "+0.07"],
    [-0.0712, "−0.07"],
    [0.004, "±0.00"],
    [-0.0049, "±0.00"],
  ])("a difference of %s reads %s", (value, text) => {
    expect(signed(value)).toBe(text);
  });

  test.each([
    [0.067, "6.7 %"],
    [0.17, "17 %"],
    [1.5, "150 %"],
  ])("a share of %s reads %s", (value, text) => {
    expect(percent(value)).toBe(text);
  });

  test.each([
    [0.70512, "0.705"],
    [0, "0"],
    [1234.5, "1230"],
    [0.0000123, "1.2e-5"],
  ])("a loss of %s reads %s", (value, text) => {
    expect(digits(value)).toBe(text);
  });

  test.each([
    [999, "999 B"],
    [23_600, "23.6 kB"],
    [1_500_000, "1.5 MB"],
    [734_000_000, "734 MB"],
  ])("%s bytes read %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  test.each([
    [45.2, "45 s"],
    [59.7, "1 min 0 s"],
    [139, "2 min 19 s"],
    [7500, "2 h 5 min"],
    [null, "–"],
  ])("%s seconds read %s", (value, text) => {
    expect(duration(value)).toBe(text);
  });

  test("an engine from outside keeps its own name", () => {
    expect([engineTitle("stardist"), engineTitle("mine")]).toEqual(["StarDist", "mine"]);
  });
});
