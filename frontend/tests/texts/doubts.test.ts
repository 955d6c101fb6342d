import { expect, test } from "vitest";
import { doubtText } from "../../src/texts/doubts";

test("the reason names what was measured", () => {
  expect(doubtText({ doubt: 0.62, score: null })).toBe(
    "Changes when the image is turned: 62\u00a0%",
  );
  expect(doubtText({ doubt: null, score: 0.41 })).toBe("Score 0.41");
  expect(doubtText({ doubt: 0.1, score: 0.5 })).toBe(
    "Changes when the image is turned: 10\u00a0%, score 0.50",
  );
  expect(doubtText({ doubt: null, score: null })).toBe("");
});
