import { describe, expect, it } from "vitest";
import { areaText, lengthText, scaleBar, short } from "../../src/ui/editor/units";

it("writes lengths in pixels, and in micrometres when the pixel size is known", () => {
  expect(lengthText(20, null)).toBe("20 px");
  expect(lengthText(20, 0.25)).toBe("20 px · 5 µm");
  expect(areaText(1000, 0.5)).toBe("1,000 px · 250 µm²");
});

it("keeps three digits", () => {
  expect(short(0.123456)).toBe("0.123");
  expect(short(1234.5)).toBe("1,235");
});

describe("scaleBar", () => {
  it("is a round length that fits", () => {
    for (const scale of [0.01, 0.3, 1, 7, 40]) {
      for (const pixelSize of [null, 0.25, 0.5, 1.3]) {
        const bar = scaleBar(scale, pixelSize);
        expect(bar.widthPx).toBeLessThanOrEqual(140);
        expect(bar.widthPx).toBeGreaterThan(140 / 2.6);
        expect(bar.text).toMatch(/^[125][0,]*0*(\.\d+)? (px|µm|mm)$|^0\.0*[125] (px|µm|mm)$/);
      }
    }
  });
});
