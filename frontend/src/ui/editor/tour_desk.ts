/** The tour of the editor: watches what the person really does, and keeps where they are in it. */
import { computed, effect, signal, untracked } from "@preact/signals";
import type { TourApi, TourStatus, TourStep } from "../../api/tour";
import type { OpReport } from "../../store/edit_types";
import type { InstanceIndex } from "../../store/types";
import { TOUR_TEXTS } from "../../texts/tour";
import type { Stage } from "../../viewer/stage";
import type { EditorModel } from "./model";
import { did, next, startAt, stepsFor, type TourPlace, type TourTask } from "./tour_steps";
import { ViewWatch } from "./tour_view";

/** What the server knew when the page was made. */
export interface TourKept {
  readonly status: TourStatus;
  readonly step: TourStep;
  /** It opens by itself. */
  readonly isDue: boolean;
}

export interface TourParts {
  readonly model: EditorModel;
  readonly layer: { readonly instances: InstanceIndex };
  readonly stage: Pick<Stage, "view" | "onDrawn">;
  readonly api: Pick<TourApi, "keep">;
  readonly kept: TourKept;
}

const PAINTING: ReadonlySet<string> = new Set(["brush", "lasso", "fill", "wand", "prompt"]);
const CORRECTING: ReadonlySet<string> = new Set([
  ...PAINTING,
  ...["erase-selected", "erase-any", "erase-piece", "split"],
  ...["fill-holes", "smooth", "keep-largest", "grow", "shrink"],
]);

export class TourDesk {
  /** Undefined while the tour is closed. */
  readonly place = signal<TourPlace | undefined>(undefined);
  readonly step = computed(() => this.place.value?.step);
  /** Whether an object was painted in this page's tour. */
  readonly hasPainted = signal(false);
  readonly #parts: TourParts;
  #status: TourStatus;
  #resumeAt: TourStep;
  /** Objects that were there before the step. */
  #before: ReadonlySet<number> = new Set();
  /** The object of the tour and its size when it was painted; 0 when it is not known. */
  #object = 0;
  #area = 0;
  readonly #dispose: () => void;

  constructor(parts: TourParts) {
    this.#parts = parts;
    this.#status = parts.kept.status;
    this.#resumeAt = parts.kept.step;
    // One set of watchers at a time: those of the step.
    this.#dispose = effect(() => {
      const step = this.step.value;
      if (step === undefined || step === "end") return undefined;
      return untracked(() => this.#watch(step));
    });
  }

  get steps(): readonly TourStep[] {
    return stepsFor(this.#parts.model.mayAnnotate.value);
  }

  /** Whether `start` goes on where the person was. */
  get isBegun(): boolean {
    return startAt(this.#resumeAt, this.steps).step !== this.steps[0];
  }

  /** The image is open: show the tour to who may paint and has not answered it. */
  begin(): void {
    const { model, kept } = this.#parts;
    if (!kept.isDue || !model.mayAnnotate.value) return;
    this.start();
  }

  start(): void {
    this.hasPainted.value = false;
    this.place.value = startAt(this.#resumeAt, this.steps);
    this.#parts.model.spoken.value = TOUR_TEXTS.opened;
  }

  skip(): void {
    if (this.place.value) this.#go(next(this.place.value, this.steps), true);
  }

  later(): void {
    if (this.step.value !== "end") this.#keep(this.#isSettled ? this.#status : "later");
    this.place.value = undefined;
  }

  dismiss(): void {
    this.#keep("dismissed");
    this.place.value = undefined;
  }

  /** An edit of this person is done. */
  edited(result: unknown): void {
    if (this.place.value === undefined || !isReport(result)) return;
    const { kind } = result;
    if (kind === "undo" || kind === "redo") this.#did(kind);
    else if (PAINTING.has(kind) && this.step.value === "paint") this.#painted();
    else if (CORRECTING.has(kind) && this.step.value === "edge") this.#corrected();
  }

  close(): void {
    this.#dispose();
  }

  // ------------------------------------------------------------ what is done

  #did(task: TourTask): void {
    const place = this.place.value;
    if (!place) return;
    const now = did(place, task, this.steps);
    // Moving and zooming is no more than looking: nothing is kept of it.
    if (now !== place) this.#go(now, place.step !== "look");
  }

  #go(place: TourPlace, isKept: boolean): void {
    const isOver = place.step === "end";
    const hasMoved = place.step !== this.step.value;
    this.place.value = place;
    if (!hasMoved) return;
    this.#resumeAt = place.step === "end" ? (this.steps[0] ?? "look") : place.step;
    if (isOver) this.#keep("done");
    else if (isKept) this.#keep(this.#isSettled ? this.#status : "under_way");
  }

  /** Who has answered for good, and starts it again, is not asked by the next page. */
  get #isSettled(): boolean {
    return this.#status === "dismissed" || this.#status === "done";
  }

  #keep(status: TourStatus): void {
    this.#status = status;
    if (status === "new" || !this.#parts.model.mayAnnotate.value) return;
    // What is not kept is only shown again.
    this.#parts.api.keep({ status, step: this.#resumeAt }).catch(() => undefined);
  }

  #painted(): void {
    const { model, layer } = this.#parts;
    const id = model.selected.value;
    const area = layer.instances.areaOf(id);
    if (area === 0 || this.#before.has(id)) return;
    this.#object = id;
    this.#area = area;
    this.hasPainted.value = true;
    this.#did("paint");
  }

  #corrected(): void {
    const { model, layer } = this.#parts;
    const { instances } = layer;
    const own = instances.areaOf(this.#object);
    if (own > 0) {
      if (own !== this.#area) this.#did("edge");
      return;
    }
    // Painted before the page was loaded, or taken back: any object that was there will do.
    const id = model.selected.value;
    if (this.#before.has(id) && instances.areaOf(id) > 0) this.#did("edge");
  }

  // ------------------------------------------------------------ watching

  #watch(step: TourStep): () => void {
    const { model, layer } = this.#parts;
    if (step === "paint" || step === "edge") this.#before = new Set(layer.instances.ids());
    if (step === "look") return this.#watchView();
    if (step === "brush") return this.#watchBrush();
    if (step !== "find") return () => undefined;
    return effect(() => {
      const tasks = { panel: model.isPanelOpen.value, help: model.isHelpOpen.value };
      untracked(() => this.#didThose(tasks));
    });
  }

  #watchBrush(): () => void {
    const { tool, radius } = this.#parts.model;
    const first = radius.value;
    return effect(() => {
      const tasks = { brush: tool.value === "brush", size: radius.value !== first };
      untracked(() => this.#didThose(tasks));
    });
  }

  #watchView(): () => void {
    const { stage } = this.#parts;
    const watch = new ViewWatch(stage.view());
    return stage.onDrawn((view) => this.#didThose(watch.follow(view)));
  }

  #didThose(tasks: Partial<Record<TourTask, boolean>>): void {
    const step = this.step.value;
    for (const [task, isDone] of Object.entries(tasks)) {
      if (isDone && this.step.value === step) this.#did(task as TourTask);
    }
  }
}

function isReport(result: unknown): result is OpReport {
  return typeof result === "object" && result !== null && "kind" in result && "nPixels" in result;
}
