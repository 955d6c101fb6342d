import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Scaled } from "../../src/ui/editor/intensity";
import { keptStyles, looksOf } from "../../src/ui/editor/look";
import { atLeast, isWorthwhile } from "../../src/ui/editor/Minimap";
import { needsStored } from "../../src/ui/editor/raw_desk";
import { type ChannelStyle, PLAIN_TONE } from "../../src/viewer/channels";

const scaled = (low: number, high: number, dtype = "uint16"): Scaled => ({
  isRgb: false,
  dtype,
  channels: ["DAPI", "GFP"].map((name) => ({ name, colour: "#00ff00", window: [low, high] })),
});
const own: ChannelStyle[] = ["DAPI", "GFP"].map((name) => ({
  ...{ ...PLAIN_TONE, name, visible: true, colour: "#00ff00" },
}));
const kept = (channels: ReturnType<typeof looksOf>) => ({ channels, is_inverted: false });

const styles = fc
  .tuple(
    fc.record({
      visible: fc.boolean(),
      colour: fc.constantFrom("#00ff00", "#123456"),
      gamma: fc.double({ min: 0.25, max: 4, noNaN: true }),
      isInverted: fc.boolean(),
    }),
    fc.double({ min: 0, max: 200, noNaN: true }),
    fc.double({ min: 1, max: 55, noNaN: true }),
  )
  .map(
    ([rest, low, by]): ChannelStyle => ({ ...own[0], name: "DAPI", ...rest, low, high: low + by }),
  );

describe("what is kept of a look", () => {
  test("shows the same image the same way again", () => {
    fc.assert(
      fc.property(styles, (style) => {
        const image = scaled(200, 9000);
        const chosen = [style, own[1] as ChannelStyle];
        const [again, other] = keptStyles(own, kept(looksOf(chosen, own, image)), image);
        expect({ ...again, low: 0, high: 0 }).toEqual({ ...style, low: 0, high: 0 });
        expect(again?.low).toBeCloseTo(style.low, 6);
        expect(again?.high).toBeCloseTo(style.high, 6);
        expect(other).toEqual(own[1]);
      }),
    );
  });

  test("means the same stored values in another image of the project", () => {
    const looks = looksOf(
      [{ ...(own[0] as ChannelStyle), low: 51, high: 102 }],
      own,
      scaled(0, 5000),
    );
    expect(looks.DAPI?.window).toEqual([1000, 2000]);
    const [shown] = keptStyles(own, kept(looks), scaled(0, 10_000));
    expect([shown?.low, shown?.high]).toEqual([25.5, 51]);
  });

  test("leaves an image its own window where it would show nothing of it", () => {
    const looks = looksOf(
      [{ ...(own[0] as ChannelStyle), low: 51, high: 102 }],
      own,
      scaled(0, 5000),
    );
    const [shown] = keptStyles(own, kept(looks), scaled(0, 255, "uint8"));
    expect([shown?.low, shown?.high]).toEqual([0, 255]);
  });

  test("does not fix what the person left as the image has it", () => {
    const looks = looksOf(own, own, scaled(0, 5000));
    expect([looks.DAPI?.window, looks.DAPI?.colour]).toEqual([null, null]);
    expect(keptStyles(own, kept(looks), scaled(7, 70))).toEqual(own);
  });
});

describe("stored values are needed", () => {
  const with_ = (change: Partial<ChannelStyle>) => [{ ...(own[0] as ChannelStyle), ...change }];
  test.each([
    ["a wide window", {}, false],
    ["a narrow window", { low: 10, high: 30 }, true],
    ["a window beyond the image's", { high: 300 }, true],
    ["a strong gamma", { gamma: 3 }, true],
    ["a channel that is off", { low: 10, high: 30, visible: false }, false],
  ])("%s", (_name, change, isNeeded) => {
    expect(needsStored(scaled(0, 60_000), with_(change))).toBe(isNeeded);
    expect(needsStored(scaled(0, 255, "uint8"), with_(change))).toBe(false);
    expect(needsStored({ ...scaled(0, 60_000), isRgb: true }, with_(change))).toBe(false);
  });
});

describe("the minimap", () => {
  test("is there only when part of the image is out of view", () => {
    const image = { width: 100, height: 50 };
    expect(isWorthwhile({ x0: 0, y0: 0, x1: 100, y1: 50 }, image)).toBe(false);
    expect(isWorthwhile({ x0: 0, y0: 0, x1: 100, y1: 49 }, image)).toBe(true);
    expect(isWorthwhile({ x0: 0, y0: 0, x1: 0, y1: 0 }, image)).toBe(false);
  });

  test("keeps a small view visible about its middle", () => {
    expect(atLeast({ x0: 10, y0: 10, x1: 12, y1: 40 }, 8)).toEqual({
      x0: 7,
      y0: 10,
      x1: 15,
      y1: 40,
    });
  });
});
