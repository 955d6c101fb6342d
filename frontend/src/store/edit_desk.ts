/** Edits other than strokes: each waits for the chunks it needs, then is made in one go. */

import type { OpMeta } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import { around, EMPTY_RECT, intersect, isEmpty, type Rect, union } from "../geometry/rect";
import type { ChunkMap } from "../labels/chunks";
import { splitEdit } from "../labels/codec";
import { flood } from "../labels/flood";
import type { InstanceTable } from "../labels/instances";
import type { PaintRule } from "../labels/paint";
import { boxOfSpans, type Interval, polygonSpans } from "../labels/polygon";
import { boxOfEdit, type Edit } from "../labels/runs";
import * as texts from "../texts";
import { newClass } from "./classes";
import { EditLock } from "./edit_lock";
import { EditRefused } from "./edit_refused";
import type { FoundArea, OpReport, StrokeOptions } from "./edit_types";
import { acceptEdit, holds, reclaimEdit, relabel } from "./edits";
import type { IdPool } from "./id_pool";
import { metaOfPart } from "./op_parts";
import { ruleOf } from "./open_stroke";
import type { PastPlane } from "./past_plane";
import type { PlaneReader } from "./plane_reader";
import { placesOf } from "./relabel_many";
import { planRestore, type RestorePlan, type ToRestore } from "./restore";
import { StrokePainter } from "./stroke_painter";

export interface EditContext {
  readonly bounds: Rect;
  readonly chunks: ChunkMap;
  readonly table: InstanceTable;
  readonly ids: IdPool;
  readonly lock?: EditLock;
  ensure(box: Rect): Promise<void>;
  newGroup(): string;
  isStrokeOpen(): boolean;
  /** Pixels of a box were written: draw them anew. */
  painted(box: Rect): void;
  /** Make it an op. @param isPainted the pixels are written already */
  commit(kind: string, edit: Edit, meta: OpMeta, isPainted: boolean): Promise<OpReport>;
}

const MAX_FILL_PIXELS = 4_000_000;

const NO_LOCK = new EditLock();

const FILL_SENTENCES = {
  outside: texts.editing.fill.outside,
  "not-loaded": texts.editing.fill.notLoaded,
  "too-large": texts.editing.fill.tooLarge,
  open: texts.editing.fill.open,
};

export class EditDesk {
  private readonly context: EditContext;
  private working = 0;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(context: EditContext) {
    this.context = context;
  }

  get isWorking(): boolean {
    return this.working > 0;
  }

  /**
   * Make edits one after another, and none under an open stroke: each must know every pixel it
   * starts from, although it waits for chunks before it is made.
   */
  async exclusively<T>(work: () => Promise<T>, lock = this.context.lock): Promise<T> {
    lock?.check();
    if (this.context.isStrokeOpen()) {
      throw new EditRefused("stroke_open", texts.editing.finishStroke);
    }
    this.working++;
    const done = this.tail.then(work);
    this.tail = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      this.working--;
    }
  }

  /** Resolves when every edit that was asked for is made or refused. */
  async settled(): Promise<void> {
    await this.tail;
  }

  fill(point: ImagePoint, instanceId: number, view: Rect, className?: string): Promise<OpReport> {
    return this.exclusively(async () => {
      const { chunks, bounds } = this.context;
      const box = intersect(view, bounds);
      await this.ensure(box);
      const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
      if (chunks.labelAt(x, y)) {
        throw new EditRefused("not_background", texts.editing.fill.notBackground);
      }
      const limits = { bounds: box, image: bounds, maxPixels: MAX_FILL_PIXELS };
      const filled = flood(x, y, (px, py) => chunks.labelAt(px, py), limits);
      if (!filled.ok) throw new EditRefused(`fill_${filled.why}`, FILL_SENTENCES[filled.why]);
      const rule = ruleOf({ kind: "brush", instanceId, radius: 0 }, 0);
      const meta = newClass(instanceId, className);
      return this.paint("fill", filled.spans, rule, meta) as Promise<OpReport>;
    });
  }

  fillPolygon(points: readonly ImagePoint[], options: StrokeOptions): Promise<OpReport | null> {
    return this.exclusively(async () => {
      const first = points[0];
      if (!first) return null;
      await this.ensure(around(points, 1));
      const under = this.context.chunks.labelAt(Math.floor(first.x), Math.floor(first.y)) ?? 0;
      const { group, instanceId, className } = options;
      const meta = { ...(group && { group }), ...newClass(instanceId, className) };
      return this.paint("lasso", polygonSpans(points), ruleOf(options, under), meta);
    });
  }

  fillArea({ kind, spans, start, meta }: FoundArea, options: StrokeOptions) {
    return this.exclusively(async () => {
      await this.ensure(boxOfSpans(spans));
      const under = this.context.chunks.labelAt(Math.floor(start.x), Math.floor(start.y)) ?? 0;
      const { group, instanceId, className } = options;
      const all = { ...(group && { group }), ...newClass(instanceId, className), ...meta };
      return this.paint(kind, spans, ruleOf(options, under), all);
    });
  }

  private async paint(
    kind: string,
    spans: readonly Interval[],
    rule: PaintRule,
    meta: OpMeta,
  ): Promise<OpReport | null> {
    const { chunks, bounds } = this.context;
    const painter = new StrokePainter(chunks, bounds, rule, 0, () => undefined);
    painter.paint(spans);
    const edit = painter.edit();
    if (edit.size === 0) return null;
    this.context.painted(boxOfEdit(edit));
    return this.commit(kind, edit, meta, true);
  }

  merge(keep: number, other: number): Promise<OpReport> {
    return this.exclusively(() => {
      if (keep === other) throw new EditRefused("same_instance", texts.editing.chooseTwo);
      this.known(keep);
      return this.relabel("merge", other, keep);
    });
  }

  deleteInstance(id: number): Promise<OpReport> {
    return this.exclusively(() => this.relabel("delete", id, 0));
  }

  /** Take over an instance's pixels from another plane where nothing else is. */
  copyFrom(other: PlaneReader, id: number): Promise<OpReport> {
    return this.exclusively(async () => {
      const { chunks } = this.context;
      const box = other.replica.table.get(id)?.box ?? EMPTY_RECT;
      await Promise.all([this.ensure(box), isEmpty(box) ? undefined : other.ensure(box)]);
      const from = other.replica.chunks;
      if (!holds(from, box, id)) throw notOnPlane();
      const { x1, y1 } = this.context.bounds;
      const places = placesOf([box], x1, y1);
      const { edit } = acceptEdit(from, chunks, places, new Map([[id, id]]), "pixels");
      if (edit.size === 0) {
        throw new EditRefused("covered", texts.editing.nothingCopied);
      }
      return this.commit("copy", edit, {}, false);
    });
  }

  private async relabel(kind: string, from: number, to: number): Promise<OpReport> {
    const box = this.known(from);
    await this.ensure(box);
    const edit = relabel(this.context.chunks, box, from, to);
    if (edit.size === 0) throw notOnPlane();
    return this.commit(kind, edit, {}, false);
  }

  /** Holds every pixel of an instance. @throws EditRefused when it has none */
  known(id: number): Rect {
    const row = this.context.table.get(id);
    if (id === 0 || !row || row.areaPx === 0) throw this.gone();
    return row.box;
  }

  private gone(): EditRefused {
    return new EditRefused("no_instance", texts.editing.objectIsGone);
  }

  /** Write pixels that the server refused, over what others made of them. */
  reclaim(refused: readonly Edit[]): Promise<OpReport | null> {
    return this.exclusively(async () => {
      await this.ensure(refused.map(boxOfEdit).reduce(union, EMPTY_RECT));
      const group = this.context.newGroup();
      let report: OpReport | null = null;
      for (const wanted of refused) {
        const edit = reclaimEdit(this.context.chunks, wanted);
        if (edit.size === 0) continue;
        const made = await this.commit("reclaim", edit, { group }, false);
        report = report ? added(report, made) : made;
      }
      return report;
    });
  }

  /** What restoring would do now. @throws EditRefused when nothing would change */
  planRestore(past: PastPlane, what: ToRestore): Promise<RestorePlan> {
    const { chunks, table } = this.context;
    return planRestore(past, { chunks, table, ensure: (box) => this.ensure(box) }, what);
  }

  /** Write again what was; also while the past is looked at, which is read only otherwise. */
  restore(past: PastPlane, what: ToRestore): Promise<RestorePlan> {
    const work = async () => {
      const plan = await this.planRestore(past, what);
      await this.commit("restore", plan.edit, plan.meta, false);
      return plan;
    };
    return this.exclusively(work, NO_LOCK);
  }

  async ensure(box: Rect): Promise<void> {
    if (isEmpty(box)) return;
    try {
      await this.context.ensure(box);
    } catch {
      throw new EditRefused("not_loaded", texts.editing.notLoaded);
    }
  }

  /** Larger edits than the server takes in one op become several of one group. */
  async commit(kind: string, edit: Edit, meta: OpMeta, isPainted: boolean): Promise<OpReport> {
    const parts = splitEdit(edit);
    const group = meta.group ?? this.context.newGroup();
    const made = parts.map((part, i) => {
      const own = parts.length > 1 ? metaOfPart(meta, parts, i) : meta;
      return this.context.commit(kind, part, { ...own, group }, isPainted);
    });
    const reports = await Promise.all(made);
    return reports.reduce(added);
  }
}

export function added(a: OpReport, b: OpReport): OpReport {
  return { n: b.n, kind: b.kind, nPixels: a.nPixels + b.nPixels, rect: union(a.rect, b.rect) };
}

export function notOnPlane(): EditRefused {
  return new EditRefused("not_on_plane", texts.editing.notOnPlane);
}
