import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { contains, type Rect, rect } from "../../src/geometry/rect";
import { InstanceTable } from "../../src/labels/instances";
import type { LabelReader } from "../../src/store/types";
import type { Colouring } from "../../src/viewer/colouring";
import { labelColours } from "../../src/viewer/colours";
import { type Sheet, stamp } from "../../src/viewer/far_stamp";
import { CELL_PX, farSymbols, symbolPx } from "../../src/viewer/far_symbols";
import { FarView } from "../../src/viewer/far_view";
import type { Frame } from "../../src/viewer/surface";

const SIDE = 4000;
const PLANE = { t: 0, z: 0 };
const corners = fc.array(
  fc.record({ x: fc.nat(SIDE - 10), y: fc.nat(SIDE - 10), z: fc.constantFrom(0, 0, 0, 1) }),
  { maxLength: 300 },
);
type Corners = { x: number; y: number; z: number }[];

function tableOf(all: Corners): InstanceTable {
  const table = new InstanceTable();
  const column = <T>(value: (one: Corners[number], i: number) => T) => all.map(value);
  table.load({
    ...{ instance_id: column((_, i) => i + 1), area_px: column(() => 100) },
    ...{ row0: column(({ y }) => y), row1: column(({ y }) => y + 10) },
    ...{ col0: column(({ x }) => x), col1: column(({ x }) => x + 10) },
    ...{ state: column(() => "accepted" as const), score: column(() => null) },
    ...{ class_name: column(() => ""), z: column(({ z }) => z) },
  });
  return table;
}

const look = { colourOf: (id: number) => id % 3 };
const boxes = fc
  .tuple(fc.nat(SIDE), fc.nat(SIDE), fc.integer({ min: 100, max: SIDE }))
  .map(([x, y, side]) => rect(x, y, x + side, y + side));

describe("symbols", () => {
  test("stand for every object of the plane whose middle is in the box, once", () => {
    fc.assert(
      fc.property(corners, boxes, fc.constantFrom(0.002, 0.01, 0.1), (all, box, scale) => {
        const symbols = farSymbols(tableOf(all).snapshot(), box, PLANE, scale, look);
        const inside = all.filter(({ x, y, z }) => z === 0 && contains(box, x + 5, y + 5));
        expect(symbols.n.reduce((sum, n) => sum + n, 0)).toBe(inside.length);
        expect(symbols.isDense || symbols.count === inside.length).toBe(true);
        expect(symbols.colour.every((place) => place < 3)).toBe(true);
      }),
    );
  });

  test("lie within half a cell of the objects that they stand for", () => {
    fc.assert(
      fc.property(corners, fc.constantFrom(0.002, 0.01, 0.1), (all, scale) => {
        const flat = all.map((one) => ({ ...one, z: 0 }));
        const symbols = farSymbols(
          tableOf(flat).snapshot(),
          rect(0, 0, SIDE, SIDE),
          PLANE,
          scale,
          look,
        );
        const reach = symbols.isDense ? CELL_PX / scale / 2 + 1e-2 : 1e-2;
        for (const { x, y } of flat) {
          const isNear = Array.from(
            symbols.x,
            (sx, i) =>
              Math.abs(sx - x - 5) <= reach && Math.abs((symbols.y[i] ?? 0) - y - 5) <= reach,
          );
          expect(isNear.some(Boolean)).toBe(true);
        }
      }),
    );
  });

  test("become one per cell where single ones cannot be told apart", () => {
    const all = Array.from({ length: 400 }, (_, i) => ({
      x: 7 * (i % 20),
      y: 7 * ((i / 20) | 0),
      z: 0,
    }));
    const snapshot = tableOf(all).snapshot();
    const whole = rect(0, 0, SIDE, SIDE);
    expect(farSymbols(snapshot, whole, PLANE, 1, look)).toMatchObject({
      isDense: false,
      count: 400,
    });
    const far = farSymbols(snapshot, whole, PLANE, 0.1, {
      ...look,
      colourOf: (id) => (id % 5 === 0 ? 2 : 1),
      isChosen: (id) => id === 1,
    });
    expect(far.isDense).toBe(true);
    expect(far.count).toBe(4);
    expect([...far.colour]).toEqual([1, 1, 1, 1]); // what most of them have
    expect([...far.isChosen]).toEqual([1, 0, 0, 0]);
  });

  test("do not show what is hidden, and grow with the number they stand for", () => {
    const snapshot = tableOf([{ x: 1, y: 1, z: 0 }]).snapshot();
    const hidden = { ...look, isHidden: () => true };
    expect(farSymbols(snapshot, rect(0, 0, 99, 99), PLANE, 0.1, hidden).count).toBe(0);
    expect(symbolPx(40, true)).toBeGreaterThan(symbolPx(4, true));
    expect(symbolPx(1e6, true)).toBeLessThan(CELL_PX);
  });
});

describe("a stamp", () => {
  const sheetOf = (): Sheet => ({ words: new Uint32Array(41 * 41), width: 41, height: 41 });
  const symbol = { x: 20, y: 20, half: 5, colour: 0xff3366aa, isChosen: false };
  const at = ({ words }: Sheet, dx: number, dy: number) =>
    words[(20 + dy) * 41 + 20 + dx] as number;

  test("is a full square for what is annotated and an open diamond for what is proposed", () => {
    const [square, diamond] = [sheetOf(), sheetOf()];
    stamp(square, { ...symbol, shape: "square" }, 1);
    stamp(diamond, { ...symbol, shape: "diamond" }, 1);
    expect([at(square, 0, 0), at(square, 5, 5)]).toEqual([symbol.colour, symbol.colour]);
    expect([at(diamond, 0, 0), at(diamond, 5, 5), at(diamond, 5, 0)]).toEqual([
      0,
      0,
      symbol.colour,
    ]);
  });

  test("has a white rim and a black core when it is chosen, which is no matter of colour", () => {
    const [plain, chosen] = [sheetOf(), sheetOf()];
    stamp(plain, { ...symbol, shape: "square" }, 1);
    stamp(chosen, { ...symbol, shape: "square", isChosen: true }, 1);
    const more = chosen.words.filter((word, i) => word !== plain.words[i]);
    expect(new Set(more)).toEqual(new Set([0xffffffff, 0xff000000]));
  });

  test("stays on the sheet", () => {
    const places = fc.integer({ min: -30, max: 70 });
    fc.assert(
      fc.property(places, places, fc.constantFrom(1, 2), (x, y, density) => {
        const sheet = sheetOf();
        stamp(sheet, { ...symbol, shape: "diamond", isChosen: true, x, y }, density);
        // Nothing comes in again at the other side.
        const isFar = (i: number) => Math.abs((i % 41) - x) > 12 * density;
        expect(sheet.words.every((word, i) => word === 0 || !isFar(i))).toBe(true);
      }),
    );
  });
});

describe("the far view", () => {
  const blits: [left: number, top: number, width: number][] = [];
  let table: InstanceTable;
  let far: FarView;

  beforeEach(() => {
    vi.stubGlobal(
      "ImageData",
      class {
        readonly data: Uint8ClampedArray;
        constructor(width: number, height: number) {
          this.data = new Uint8ClampedArray(4 * width * height);
        }
      },
    );
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        readonly width: number;
        readonly height: number;
        constructor(width: number, height: number) {
          this.width = width;
          this.height = height;
        }
        getContext = () => ({ putImageData: () => undefined });
      },
    );
    table = tableOf([{ x: 100, y: 100, z: 0 }]);
    const info = { width: SIDE, height: SIDE, ...PLANE };
    far = new FarView({ info, instances: table } as unknown as LabelReader);
    blits.length = 0;
  });
  afterEach(() => vi.unstubAllGlobals());

  const colouring: Colouring = {
    ...{ style: "both", isDraft: false },
    colours: labelColours({ fillAlpha: 100, edgeAlpha: 255 }),
  };

  function frame(scale: number, x: number, y: number, side = 100): boolean {
    const visible: Rect = rect(x, y, x + side / scale, y + side / scale);
    const drawImage = (_: unknown, left: number, top: number, width: number) =>
      void blits.push([left, top, width]);
    const toScreen = { a: scale, b: 0, c: 0, d: scale, e: -x * scale, f: -y * scale };
    const view = { scale, visible, toScreen };
    return far.draw({ context: { drawImage }, density: 1, view } as unknown as Frame, colouring);
  }

  test("is drawn once while the view moves, and lands where the view is", () => {
    for (const x of [1500, 1600, 1700, 1400]) frame(0.1, x, 1500);
    expect(far.timesDrawn).toBe(1);
    expect(blits.map(([left]) => left)).toEqual([-50, -60, -70, -40]);
    frame(0.1, 100, 1500);
    expect(far.timesDrawn).toBe(2);
  });

  test("is stretched while the zoom changes, and sharp again once it rests", () => {
    frame(0.1, 1500, 1500);
    expect(frame(0.11, 1500, 1500)).toBe(true);
    expect(frame(0.12, 1500, 1500)).toBe(true);
    expect(far.timesDrawn).toBe(1);
    expect(frame(0.12, 1500, 1500)).toBe(false);
    expect(far.timesDrawn).toBe(2);
  });

  test("is drawn anew when objects, or their colours, have changed", () => {
    frame(0.1, 0, 0);
    table.setClass(1, "other");
    frame(0.1, 0, 0);
    far.forget();
    frame(0.1, 0, 0);
    frame(0.1, 0, 0);
    expect(far.timesDrawn).toBe(3);
  });
});
