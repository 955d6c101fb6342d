import { expect, test } from "vitest";
import type { DraftUnderWay } from "../../src/api/page_types";
import { underWayInWords } from "../../src/ui/pages/parts/under_way";

const NOTHING: DraftUnderWay = {
  image: "i",
  name: "cells",
  part: null,
  of: null,
  time: null,
  times: null,
  plane: null,
  planes: null,
};

test("a draft under way tells the time, plane or part that is being made", () => {
  const said = (how: Partial<DraftUnderWay>) => underWayInWords({ ...NOTHING, ...how });
  expect(said({ plane: 3, planes: 16 })).toBe("cells: plane 3 of 16.");
  expect(said({ time: 2, times: 5, plane: 3, planes: 16 })).toBe(
    "cells: time 2 of 5, plane 3 of 16.",
  );
  expect(said({ time: 2, times: 5 })).toBe("cells: time 2 of 5.");
  expect(said({ part: 0, of: 9 })).toBe("cells: part 1 of 9.");
  expect(said({ part: 9, of: 9 })).toBe("cells: part 9 of 9.");
});
