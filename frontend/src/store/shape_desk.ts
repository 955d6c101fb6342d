/** Edits of the shape of one instance; their cost is bounded by its box. */

import type { OpMeta } from "../api/types";
import { type ImagePoint, imagePoint } from "../geometry/points";
import { contains, grow, height, intersect, type Rect, rect, union, width } from "../geometry/rect";
import { components, type Mask } from "../labels/components";
import {
  fillHoles,
  growOne,
  keepLargest,
  SHAPE_MARGIN,
  shrinkOne,
  smooth,
} from "../labels/morphology";
import { type Patch, patchEdit, readPatch } from "../labels/patch";
import { partsByLine } from "../labels/split";
import { brightnessLandscape, depthLandscape, watershed } from "../labels/watershed";
import * as texts from "../texts";
import { grouped } from "./classes";
import { type EditContext, type EditDesk, notOnPlane } from "./edit_desk";
import { EditRefused } from "./edit_refused";
import type { OpReport } from "./edit_types";
import type { Brightness, ShapeEdits, ShapeReport, Shaping, SplitReport } from "./shape_types";

/** Of a box: what is worked on is held in memory as a whole, a few times over. */
const MAX_PIXELS = 16_000_000;

const RULES: Readonly<Record<Shaping, (mask: Mask, free: Uint8Array) => Uint8Array>> = {
  "fill-holes": fillHoles,
  smooth,
  "keep-largest": keepLargest,
  grow: growOne,
  shrink: shrinkOne,
};

/** One instance in the labels of its box and a margin. */
interface Cutout {
  readonly patch: Patch;
  readonly mask: Mask;
}

export class ShapeDesk implements ShapeEdits {
  private readonly desk: EditDesk;
  private readonly context: EditContext;

  constructor(desk: EditDesk, context: EditContext) {
    this.desk = desk;
    this.context = context;
  }

  reshape(id: number, how: Shaping): Promise<ShapeReport | null> {
    return this.desk.exclusively(async () => {
      const { patch, mask } = await this.cutOut(id);
      const free = Uint8Array.from(patch.labels, (label) => (label === 0 ? 1 : 0));
      const on = RULES[how](mask, free);
      if (!on.includes(1)) throw nothingLeft(id, how);
      return this.write(how, id, patch, on);
    });
  }

  erasePiece(point: ImagePoint): Promise<ShapeReport & { readonly id: number }> {
    return this.desk.exclusively(async () => {
      const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
      await this.desk.ensure(intersect(rect(x, y, x + 1, y + 1), this.context.bounds));
      const id = this.context.chunks.labelAt(x, y) ?? 0;
      if (id === 0) throw new EditRefused("background", texts.editing.shape.nothingToErase);
      const { patch, mask } = await this.cutOut(id);
      const pieces = components(mask);
      const hit = pieces.of[indexOf(patch, point)];
      const on = mask.on.map((isOn, i) => (isOn && pieces.of[i] !== hit ? 1 : 0));
      const report = await this.write("erase-piece", id, patch, on);
      return { ...(report as ShapeReport), id };
    });
  }

  /** @returns null when nothing changes */
  private async write(
    kind: string,
    id: number,
    patch: Patch,
    on: Uint8Array,
  ): Promise<ShapeReport | null> {
    let [nWon, nLost] = [0, 0];
    const after = patch.labels.map((label, i) => {
      if (on[i]) {
        if (label !== id) nWon++;
        return id;
      }
      if (label === id) nLost++;
      return label === id ? 0 : label;
    });
    if (nWon + nLost === 0) return null;
    const nPieces = components({ ...patch, on }).sizes.length - 1;
    const report = await this.desk.commit(kind, patchEdit(patch, after), {}, false);
    return { ...report, nWon, nLost, nPieces };
  }

  splitAlong(id: number, path: readonly ImagePoint[]): Promise<SplitReport> {
    return this.desk.exclusively(async () => {
      const { patch, mask } = await this.cutOut(id);
      const { x0, y0 } = patch.box;
      const parts = partsByLine(
        mask,
        path.map(({ x, y }) => imagePoint(x - x0, y - y0)),
      );
      if (!parts) {
        throw new EditRefused("not_cut", texts.editing.shape.doesNotCut(id));
      }
      return this.divide(id, patch, parts, "line");
    });
  }

  splitBetween(
    id: number,
    seeds: readonly [ImagePoint, ImagePoint],
    brightness: Brightness,
  ): Promise<SplitReport> {
    return this.desk.exclusively(async () => {
      const { patch, mask } = await this.cutOut(id);
      const [a, b] = seeds.map((seed) => indexOf(patch, seed)) as [number, number];
      const pieces = components(mask);
      if (a === b || !pieces.of[a] || pieces.of[a] !== pieces.of[b]) {
        throw new EditRefused("not_one_piece", texts.editing.shape.seedsApart);
      }
      const one = { ...mask, on: mask.on.map((_, i) => (pieces.of[i] === pieces.of[a] ? 1 : 0)) };
      const grey = brightness(patch.box);
      const byImage = grey && brightnessLandscape(one, grey, [a, b]);
      const owner = watershed(one, byImage ?? depthLandscape(one), [a, b]);
      const nOfB = owner.reduce((n, who) => n + (who === 2 ? 1 : 0), 0);
      const nOfA = owner.reduce((n, who) => n + (who === 1 ? 1 : 0), 0);
      const moves = nOfB > nOfA ? 1 : 2;
      const parts = Int32Array.from(owner, (who) => (who === moves ? 1 : 0));
      return this.divide(id, patch, parts, byImage ? "image" : "shape");
    });
  }

  /** Give parts 1, 2 … ids of their own. */
  private async divide(
    id: number,
    patch: Patch,
    parts: Int32Array,
    by: SplitReport["by"],
  ): Promise<SplitReport> {
    const { ids, table } = this.context;
    const nParts = parts.reduce((most, part) => Math.max(most, part), 0);
    await ids.ensure(nParts).catch(() => undefined); // `next` says why there are none
    const newIds = Array.from({ length: nParts }, () => ids.next());
    const after = patch.labels.map((label, i) => {
      const part = parts[i] as number;
      return part > 0 ? (newIds[part - 1] as number) : label;
    });
    const className = table.classOf(id);
    const meta: OpMeta = className
      ? { classes: grouped(newIds.map((newId) => [newId, className])) }
      : {};
    const report = await this.desk.commit("split", patchEdit(patch, after), meta, false);
    return { ...report, newIds, by };
  }

  mergeAll(keep: number, others: readonly number[]): Promise<OpReport> {
    return this.desk.exclusively(async () => {
      this.desk.known(keep);
      const given = new Set(others);
      given.delete(keep);
      const box = [...given].map((id) => this.desk.known(id)).reduce(union, rect(0, 0, 0, 0));
      const patch = await this.read(box);
      const after = patch.labels.map((label) => (given.has(label) ? keep : label));
      const edit = patchEdit(patch, after);
      if (edit.size === 0) throw notOnPlane();
      return this.desk.commit("merge", edit, {}, false);
    });
  }

  private async cutOut(id: number): Promise<Cutout> {
    const around = grow(this.desk.known(id), SHAPE_MARGIN);
    const patch = await this.read(intersect(around, this.context.bounds));
    const on = Uint8Array.from(patch.labels, (label) => (label === id ? 1 : 0));
    if (!on.includes(1)) throw notOnPlane();
    return { patch, mask: { width: patch.width, height: patch.height, on } };
  }

  private async read(box: Rect): Promise<Patch> {
    if (width(box) * height(box) > MAX_PIXELS) {
      throw new EditRefused("too_large", texts.editing.shape.tooLarge);
    }
    await this.desk.ensure(box);
    return readPatch(this.context.chunks, box);
  }
}

/** @returns -1 for a point outside of the patch */
function indexOf({ box, width: wide }: Patch, { x, y }: ImagePoint): number {
  if (!contains(box, x, y)) return -1;
  return (Math.floor(y) - box.y0) * wide + (Math.floor(x) - box.x0);
}

function nothingLeft(id: number, how: Shaping): EditRefused {
  return how === "shrink"
    ? new EditRefused("would_vanish", texts.editing.shape.tooThinToShrink(id))
    : new EditRefused("too_thin", texts.editing.shape.tooThinToSmooth(id));
}
