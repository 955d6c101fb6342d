/** What a stack asks of the one plane that is shown, whichever that is at the time. */

import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { Edit } from "../labels/runs";
import type { AnnotationPlane } from "./annotation_plane";
import type { FoundArea, ManyReport, OpReport, Stroke, StrokeOptions } from "./edit_types";
import { Listeners } from "./observable";
import type { RefusedReport } from "./saving_types";
import type { ShapeEdits } from "./shape_types";
import type {
  DirtyEvent,
  Dispose,
  DraftStore,
  InstanceIndex,
  InstancesEvent,
  LayerInfo,
  LayerStore,
} from "./types";

type Remote = Parameters<Parameters<LayerStore["onRemote"]>[0]>[0];

export abstract class ShownPlane {
  /** Who listens does so to the plane that is shown; to what was refused, on any. */
  protected readonly listeners = {
    dirty: new Listeners<DirtyEvent>(),
    instances: new Listeners<InstancesEvent>(),
    trouble: new Listeners<string>(),
    refused: new Listeners<RefusedReport>(),
    remote: new Listeners<Remote>(),
  };

  /** The store of the plane that is shown. */
  abstract get plane(): AnnotationPlane;

  get info(): LayerInfo {
    return this.plane.info;
  }

  get instances(): InstanceIndex {
    return this.plane.instances;
  }

  get shaping(): ShapeEdits {
    return this.plane.shaping;
  }

  get isBusy(): boolean {
    return this.plane.isBusy;
  }

  ensure(box: Rect): Promise<void> {
    return this.plane.ensure(box);
  }

  chunkAt(cy: number, cx: number): Uint32Array | undefined {
    return this.plane.chunkAt(cy, cx);
  }

  isLoaded(cy: number, cx: number): boolean {
    return this.plane.isLoaded(cy, cx);
  }

  labelAt(point: ImagePoint): number | undefined {
    return this.plane.labelAt(point);
  }

  nextInstanceId(): number {
    return this.plane.nextInstanceId();
  }

  newGroup(): string {
    return this.plane.newGroup();
  }

  beginStroke(options: StrokeOptions): Stroke {
    return this.plane.beginStroke(options);
  }

  fill(point: ImagePoint, instanceId: number, bounds: Rect, className?: string): Promise<OpReport> {
    return this.plane.fill(point, instanceId, bounds, className);
  }

  setClass(ids: readonly number[], className: string): Promise<OpReport | null> {
    return this.plane.setClass(ids, className);
  }

  setDraftClass(draft: DraftStore, ids: readonly number[], className: string): Promise<void> {
    return this.plane.setDraftClass(draft, ids, className);
  }

  fillPolygon(points: readonly ImagePoint[], options: StrokeOptions): Promise<OpReport | null> {
    return this.plane.fillPolygon(points, options);
  }

  fillArea(found: FoundArea, options: StrokeOptions): Promise<OpReport | null> {
    return this.plane.fillArea(found, options);
  }

  merge(keep: number, other: number): Promise<OpReport> {
    return this.plane.merge(keep, other);
  }

  deleteInstance(id: number): Promise<OpReport> {
    return this.plane.deleteInstance(id);
  }

  deleteMany(ids: readonly number[]): Promise<ManyReport> {
    return this.plane.deleteMany(ids);
  }

  mergeMany(keep: number, others: readonly number[]): Promise<ManyReport> {
    return this.plane.mergeMany(keep, others);
  }

  copyFrom(other: LayerStore, id: number): Promise<OpReport> {
    return this.plane.copyFrom(other, id);
  }

  openDraft(layerId: string): Promise<DraftStore> {
    return this.plane.openDraft(layerId);
  }

  /** On the plane that is shown; see `reclaimAll`. */
  reclaim(refused: readonly Edit[]): Promise<OpReport | null> {
    return this.plane.reclaim(refused);
  }

  onDirty(listener: (event: DirtyEvent) => void): Dispose {
    return this.listeners.dirty.add(listener);
  }

  onInstances(listener: (event: InstancesEvent) => void): Dispose {
    return this.listeners.instances.add(listener);
  }

  onTrouble(listener: (sentence: string) => void): Dispose {
    return this.listeners.trouble.add(listener);
  }

  onRefused(listener: (report: RefusedReport) => void): Dispose {
    return this.listeners.refused.add(listener);
  }

  onRemote(listener: (op: Remote) => void): Dispose {
    return this.listeners.remote.add(listener);
  }
}
