/** What is drawn of very many objects from far away: a symbol each, or one per cell; pure. */
import type { Rect } from "../geometry/rect";
import { type InstanceSnapshot, spanAt } from "../labels/instance_snapshot";
import { meets, type PlaneRef } from "../labels/spans";

/** Sides of a cell in screen pixels. */
export const CELL_PX = 12;
/** When cells with objects hold more than so many on average, single ones cannot be told apart. */
const DENSE_FROM = 3;

/** Symbols in image pixels, one per index. */
export interface FarSymbols {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Objects that it stands for. */
  readonly n: Uint32Array;
  /** Place in the colours: that of most of them where there is one. */
  readonly colour: Uint32Array;
  /** Whether any of them is chosen. */
  readonly isChosen: Uint8Array;
  /** Cells instead of single objects. */
  readonly isDense: boolean;
}

export interface FarLook {
  readonly colourOf: (id: number) => number;
  readonly isHidden?: ((id: number) => boolean) | undefined;
  readonly isChosen?: ((id: number) => boolean) | undefined;
}

interface Places {
  readonly count: number;
  readonly id: Uint32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/**
 * @param box what is to be drawn of the image
 * @param scale screen pixels per image pixel
 */
export function farSymbols(
  rows: InstanceSnapshot,
  box: Rect,
  plane: PlaneRef,
  scale: number,
  look: FarLook,
): FarSymbols {
  const places = placesIn(rows, box, plane, look.isHidden);
  const side = CELL_PX / scale;
  const cells = cellsOf(places, box, side);
  const isDense = places.count > DENSE_FROM * new Set(cells).size;
  return isDense ? byCell(places, cells, box, side, look) : single(places, look);
}

/** Middles of the objects in the box. */
function placesIn(
  rows: InstanceSnapshot,
  box: Rect,
  plane: PlaneRef,
  isHidden: FarLook["isHidden"],
): Places {
  const here = { ...plane, depth: 1 };
  const id = new Uint32Array(rows.count);
  const x = new Float32Array(rows.count);
  const y = new Float32Array(rows.count);
  let n = 0;
  for (let row = 0; row < rows.count; row++) {
    const b = 4 * row;
    const cx = ((rows.box[b] as number) + (rows.box[b + 2] as number)) / 2;
    const cy = ((rows.box[b + 1] as number) + (rows.box[b + 3] as number)) / 2;
    if (cx < box.x0 || cx >= box.x1 || cy < box.y0 || cy >= box.y1) continue;
    if (!meets(spanAt(rows, row), here) || isHidden?.(rows.id[row] as number)) continue;
    id[n] = rows.id[row] as number;
    x[n] = cx;
    y[n++] = cy;
  }
  return { count: n, id, x, y };
}

/** Cells count from the image's corner, so that a view that moves has the same ones. */
function cellsOf({ count, x, y }: Places, box: Rect, side: number): Uint32Array {
  const across = Math.ceil(box.x1 / side) + 1;
  const cells = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const column = Math.floor((x[i] as number) / side);
    cells[i] = Math.floor((y[i] as number) / side) * across + column;
  }
  return cells;
}

function single({ count, id, x, y }: Places, look: FarLook): FarSymbols {
  const own = id.subarray(0, count);
  return {
    ...{ count, isDense: false, x: x.subarray(0, count), y: y.subarray(0, count) },
    n: new Uint32Array(count).fill(1),
    colour: Uint32Array.from(own, look.colourOf),
    isChosen: Uint8Array.from(own, (one) => Number(look.isChosen?.(one) ?? false)),
  };
}

function byCell(
  { count, id }: Places,
  cells: Uint32Array,
  box: Rect,
  side: number,
  look: FarLook,
): FarSymbols {
  const across = Math.ceil(box.x1 / side) + 1;
  const places = new Map<number, number>();
  for (const cell of cells) if (!places.has(cell)) places.set(cell, places.size);
  const [n, colour, votes] = [0, 0, 0].map(() => new Uint32Array(places.size)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const isChosen = new Uint8Array(places.size);
  for (let i = 0; i < count; i++) {
    const at = places.get(cells[i] as number) as number;
    const one = id[i] as number;
    n[at] = (n[at] as number) + 1;
    if (look.isChosen?.(one)) isChosen[at] = 1;
    vote(colour, votes, at, look.colourOf(one));
  }
  const middle = (index: number) => (index + 0.5) * side;
  return {
    ...{ count: places.size, isDense: true, n, colour, isChosen },
    x: Float32Array.from(places.keys(), (cell) => middle(cell % across)),
    y: Float32Array.from(places.keys(), (cell) => middle(Math.floor(cell / across))),
  };
}

/** Boyer and Moore's majority vote: one candidate and its lead. */
function vote(colour: Uint32Array, votes: Uint32Array, at: number, own: number): void {
  if (votes[at] === 0) {
    colour[at] = own;
    votes[at] = 1;
  } else votes[at] = (votes[at] as number) + (colour[at] === own ? 1 : -1);
}

/** Side of a symbol in screen pixels: its ground grows with the logarithm of the number. */
export function symbolPx(n: number, isDense: boolean): number {
  if (!isDense) return 5;
  return Math.min(CELL_PX - 1, 3.5 + 2.2 * Math.log2(1 + n) ** 0.9);
}
