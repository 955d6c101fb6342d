/** A stroke between pointer-down and pointer-up. */

import type { OpMeta } from "../api/types";
import type { ImagePoint } from "../geometry/points";
import { contains, type Rect, rect } from "../geometry/rect";
import type { ChunkKey, ChunkMap } from "../labels/chunks";
import type { PaintRule } from "../labels/paint";
import type { Edit } from "../labels/runs";
import * as texts from "../texts";
import { newClass } from "./classes";
import { EditRefused } from "./edit_refused";
import type { OpReport, Stroke, StrokeOptions } from "./edit_types";
import { StrokePainter } from "./stroke_painter";

/** What a stroke needs of the store that opened it. */
export interface StrokeHost {
  readonly chunks: ChunkMap;
  readonly bounds: Rect;
  loadChunk(key: ChunkKey): Promise<void>;
  painted(box: Rect): void;
  /** Take over the edit as an op; what it resolves to waits for the journal. */
  record(kind: string, edit: Edit, meta: OpMeta, n: number): Promise<OpReport>;
  keepDraft(kind: string, edit: Edit, meta: OpMeta, n: number): Promise<void>;
  nextN(): number;
  /** Ops of other people are waiting for this stroke to end. */
  hasWaiting(): boolean;
  /** Let them in. */
  letIn(): void;
  closed(): void;
  dropDraft(): void;
  lost(sentence: string): void;
}

const DRAFT_EVERY_MS = 400;
const CUT_AFTER_MS = 10_000;

export class OpenStroke implements Stroke {
  private readonly host: StrokeHost;
  private readonly options: StrokeOptions;
  private readonly meta: OpMeta;
  private painter: StrokePainter | null = null;
  private readonly loads: Promise<void>[] = [];
  private n: number;
  private openedAt = Date.now();
  private draftTimer: ReturnType<typeof setInterval> | undefined;
  private isDraftStale = false;
  private status: "open" | "closing" | "closed" = "open";

  /** @param group of the ops, should the stroke be cut into several */
  constructor(host: StrokeHost, options: StrokeOptions, group: string) {
    this.host = host;
    this.options = options;
    this.meta = { group, ...newClass(options.instanceId, options.className) };
    this.n = host.nextN();
    this.draftTimer = setInterval(() => this.keepDraft(), DRAFT_EVERY_MS);
  }

  get isOpen(): boolean {
    return this.status === "open";
  }

  isPainting(key: ChunkKey): boolean {
    return this.painter?.touches(key) ?? false;
  }

  move(points: readonly ImagePoint[]): Rect {
    const first = points[0];
    if (this.status !== "open" || !first) return rect(0, 0, 0, 0);
    if (this.host.hasWaiting() && Date.now() - this.openedAt > CUT_AFTER_MS) this.cut();
    this.painter ??= this.newPainter(first);
    const box = this.painter.move(points);
    this.isDraftStale = true;
    this.host.painted(box);
    return box;
  }

  private newPainter(first: ImagePoint): StrokePainter {
    const { chunks, bounds } = this.host;
    const rule = ruleOf(this.options, labelUnder(chunks, bounds, first));
    return new StrokePainter(chunks, bounds, rule, this.options.radius, (key) => this.load(key));
  }

  private load(key: ChunkKey): void {
    const arrived = this.host.loadChunk(key).then(
      () => {
        if (this.status !== "closed" && this.painter?.arrived(key)) {
          this.isDraftStale = true;
          this.host.painted(this.host.bounds);
        }
      },
      () => this.host.lost(texts.editing.strokeNotLoaded),
    );
    this.loads.push(arrived);
  }

  async commit(): Promise<OpReport | null> {
    if (this.status !== "open") return null;
    this.status = "closing";
    clearInterval(this.draftTimer);
    // The usual stroke waits for nothing: it is recorded before this function gives way.
    if (this.painter && this.painter.missing.length > 0) await Promise.all(this.loads);
    if ((this.status as string) === "closed") return null;
    this.status = "closed";
    const edit = this.painter?.edit() ?? new Map();
    if (edit.size === 0) {
      this.host.closed();
      this.host.dropDraft();
      return null;
    }
    this.painter?.cut();
    const report = this.host.record(this.kind, edit, this.meta, this.n);
    this.host.closed();
    return report;
  }

  cancel(): void {
    if (this.status === "closed") return;
    this.status = "closed";
    clearInterval(this.draftTimer);
    if (this.painter) this.host.painted(this.painter.restore());
    this.host.closed();
    this.host.dropDraft();
  }

  /** Turn what is painted so far into an op of its own, let others' ops in, and go on. */
  private cut(): void {
    this.openedAt = Date.now();
    const edit = this.painter?.edit();
    if (edit && edit.size > 0) {
      void this.host.record(this.kind, edit, this.meta, this.n);
      this.n = this.host.nextN();
    }
    this.painter?.cut();
    this.host.letIn();
  }

  /** Write the half-drawn stroke to the journal if it changed; a crash then costs 400 ms of it. */
  keepDraft(): void {
    if (!this.isDraftStale || this.status === "closed" || !this.painter) return;
    this.isDraftStale = false;
    const edit = this.painter.edit();
    if (edit.size > 0) void this.host.keepDraft(this.kind, edit, this.meta, this.n);
  }

  private get kind(): string {
    return this.options.kind;
  }
}

function labelUnder(chunks: ChunkMap, bounds: Rect, point: ImagePoint): number {
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
  return contains(bounds, x, y) ? (chunks.labelAt(x, y) ?? 0) : 0;
}

/** @param under the label below the first point */
export function ruleOf(options: StrokeOptions, under: number): PaintRule {
  const { kind, instanceId, mode, isLocked } = options;
  if (kind === "erase-any") return { type: "all", value: 0 };
  if (!(Number.isInteger(instanceId) && instanceId > 0)) {
    throw new EditRefused("no_instance", texts.editing.chooseObject);
  }
  if (kind === "erase-selected") return { type: "only", value: 0, target: instanceId };
  switch (mode ?? "preserve") {
    case "overwrite":
      return { type: "all", value: instanceId };
    case "inside":
      return { type: "only", value: instanceId, target: under };
    case "locked":
      return {
        type: "where",
        value: instanceId,
        allows: (label) => label === 0 || !(isLocked?.(label) ?? true),
      };
    default:
      return { type: "only", value: instanceId, target: 0 };
  }
}
