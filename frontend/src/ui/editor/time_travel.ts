/** Looking at the layer as it was after a step, and bringing parts of that back. */
import { signal } from "@preact/signals";
import type { HistoryApi } from "../../api/history";
import type { LayerApi } from "../../api/layers";
import { intersect, isEmpty } from "../../geometry/rect";
import type { PlaneRef } from "../../labels/spans";
import { PastPlane } from "../../store/past_plane";
import type { ToRestore } from "../../store/restore";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import { past } from "../../texts/past";
import { planText, type RestoreEffect, restoredText } from "../../texts/restoring";
import { clickOrPan } from "../../tools/clicks";
import { region } from "../../tools/region";
import type { ToolContext, ToolName } from "../../tools/tool";
import type { Gesture, PointerPlace } from "../../viewer/gesture";
import { FarPast } from "./far_past";
import type { HistoryList } from "./history_list";
import { type Step, whoseStep } from "./history_steps";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import { isSame } from "./planes";
import type { Scene } from "./scene";
import { whenText } from "./times";

export interface TravelParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly layers: Pick<LayerApi, "chunk">;
  readonly history: HistoryApi;
  readonly list: HistoryList;
  readonly goTo: (plane: PlaneRef) => Promise<void>;
  /** End what is being drawn. */
  readonly finishGesture: () => void;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

/** What was chosen to be restored, and what that would do. */
export interface Choice {
  readonly what: ToRestore;
  /** Undefined while it is worked out; null when nothing would change. */
  readonly plan: RestoreEffect | null | undefined;
}

const READ_ONLY = texts.history.past.isReadOnly;
/** Commands of these kinds change something. */
const CHANGING: ReadonlySet<string> = new Set(["Edit", "Drafts", "Regions"]);

export class TimeTravel {
  /** The step after which the layer is shown; undefined is now. */
  readonly step = signal<Step | undefined>(undefined);
  readonly choice = signal<Choice | undefined>(undefined);
  readonly isBusy = signal(false);
  readonly far: FarPast;
  readonly #parts: TravelParts;
  #past: PastPlane | undefined;
  /** Of the plane that is on its way. */
  #next: PastPlane | undefined;
  #wanted: Step | undefined;
  #tool: ToolName = "brush";

  constructor(parts: TravelParts) {
    this.#parts = parts;
    this.far = new FarPast(parts.model, parts.scene);
  }

  get isAway(): boolean {
    return this.step.value !== undefined;
  }

  // ------------------------------------------------------------ going

  /** Show the layer as it was after a step. */
  async go(step: Step): Promise<void> {
    const { model, layer, scene, attempt, goTo, finishGesture } = this.#parts;
    finishGesture();
    this.#wanted = step;
    layer.lock.sentence = READ_ONLY;
    this.isBusy.value = true;
    const isThere = await attempt(async () => {
      if (!isSame(step.plane, model.plane.value) && !isEmpty(step.box)) await goTo(step.plane);
      const past = await this.#open(step.seq, model.plane.value);
      if (this.#wanted !== step) return true;
      this.#enter(step, past);
      if (!isEmpty(step.box) && isEmpty(intersect(step.box, scene.stage.view().visible))) {
        scene.stage.reveal(step.box);
      }
      return true;
    });
    if (this.#wanted !== step) return;
    this.isBusy.value = false;
    if (isThere) return;
    this.#wanted = this.step.value;
    if (!this.isAway) this.leave();
  }

  /** What was, with what is in view of it. */
  async #open(seq: number, { t, z }: PlaneRef): Promise<PastPlane> {
    const { layer, layers, history, scene } = this.#parts;
    const info = { ...layer.info, t, z };
    const past = await PastPlane.open({ api: layers, past: history, info, seq }, this.#past);
    if (this.far.isFar(past)) await past.ensureWhole();
    else await past.ensure(scene.stage.view().visible);
    return past;
  }

  #enter(step: Step, past: PastPlane): void {
    const { model } = this.#parts;
    if (!this.isAway) {
      this.#tool = model.tool.value;
      model.tool.value = "select";
      model.selected.value = 0;
      model.selectedDraft.value = 0;
      model.isNewArmed.value = false;
    }
    const chosen = this.choice.value?.what;
    this.step.value = step;
    this.#show(past);
    model.spoken.value = this.sentence();
    // A box that was drawn stays; of an object it depends on whether it was there.
    const isThere = chosen && ("box" in chosen || past.table.areaOf(chosen.id) > 0);
    this.choose(isThere ? chosen : undefined);
    this.pointAt(undefined);
  }

  /** Outline where a step happened; without one, where the step that is looked at did. */
  pointAt(step: Step | undefined): void {
    const { model, scene } = this.#parts;
    const shown = step ?? this.step.value;
    const isHere = shown && isSame(shown.plane, model.plane.value) && !isEmpty(shown.box);
    scene.outline.set(isHere ? shown.box : undefined);
  }

  #show(past: PastPlane): void {
    const { model, scene } = this.#parts;
    const before = this.#past;
    this.#past = past;
    past.onTrouble((text) => notify(model, text, { tone: "problem" }));
    this.far.follow(past);
    scene.layers.showPast(past);
    before?.close();
  }

  leave(): void {
    const { model, layer, scene } = this.#parts;
    this.far.follow(undefined);
    this.#wanted = undefined;
    this.isBusy.value = false;
    layer.lock.sentence = null;
    const wasAway = this.isAway;
    this.choose(undefined);
    this.step.value = undefined;
    this.#past?.close();
    this.#past = this.#next = undefined;
    if (!wasAway) return;
    scene.layers.showPast(undefined);
    this.pointAt(undefined);
    model.tool.value = this.#tool;
    model.spoken.value = texts.history.past.backToNow;
  }

  /** To the step before (+1 is older) or after; after the newest comes now. */
  async walk(older: 1 | -1): Promise<void> {
    const { list, model } = this.#parts;
    const from = this.#wanted ?? this.step.value;
    if (!from) return;
    const step = await list.neighbour(from.seq, older);
    if ((this.#wanted ?? this.step.value) !== from) return;
    if (step) await this.go(step);
    else if (older < 0) this.leave();
    else model.spoken.value = texts.history.past.isOldest;
  }

  /** "As it was on 30 Nov 2026, 12:31:05, after Ana’s brush stroke – read only" */
  sentence(): string {
    const step = this.step.value;
    if (!step) return "";
    return texts.history.past.asItWas(whenText(step.at), whoseStep(step));
  }

  // ------------------------------------------------------------ planes

  /** Another plane is about to be shown: have what was there ready. */
  async prepare(plane: PlaneRef): Promise<void> {
    const step = this.step.value;
    this.#next = step && (await this.#open(step.seq, plane));
  }

  /** The plane is shown now. */
  arrived(): void {
    const past = this.#next;
    this.#next = undefined;
    if (!past || !this.isAway) return;
    this.choose(undefined);
    this.#show(past);
    this.pointAt(undefined);
  }

  // ------------------------------------------------------------ choosing

  /** What the pointer does here: choose an object, move the image, or draw a box. */
  down(name: ToolName, context: ToolContext, place: PointerPlace): Gesture | undefined {
    if (name === "region") {
      return region.down({ ...context, regionDrawn: (box) => this.choose({ box }) }, place);
    }
    if (name !== "select") {
      context.say(READ_ONLY, "problem");
      return undefined;
    }
    return clickOrPan(place, context.panBy, () => this.pick(place));
  }

  pick(place: PointerPlace): void {
    const id = this.#past?.labelAt(place.image) ?? 0;
    this.choose(id > 0 ? { id } : undefined);
  }

  choose(what: ToRestore | undefined): void {
    const { scene } = this.#parts;
    scene.layers.markPast(what && "id" in what ? what.id : 0);
    scene.cursor.setBand(what && "box" in what ? { box: what.box, colour: "#ffd76a" } : undefined);
    this.choice.value = what && { what, plan: undefined };
    if (what) void this.#plan(what);
  }

  chooseView(): void {
    this.choose({ box: this.#parts.scene.stage.view().visible });
  }

  /** Work out what restoring would do, to say so before it is done. */
  async #plan(what: ToRestore): Promise<void> {
    const { layer } = this.#parts;
    const past = this.#past;
    if (!past) return;
    const plan = await layer.plane.planRestore(past, what).catch(() => null);
    if (this.choice.value?.what !== what) return;
    this.choice.value = { what, plan };
  }

  // ------------------------------------------------------------ restoring

  /** Write what was chosen again, as a new edit of today; then go back to now to see it. */
  async restore(): Promise<void> {
    const { model, layer, attempt } = this.#parts;
    const { what } = this.choice.value ?? {};
    const past = this.#past;
    if (!what || !past) return;
    if (!model.mayAnnotate.value) {
      notify(model, texts.editor.mayOnlyLook, { tone: "problem" });
      return;
    }
    const plan = await attempt(() => layer.plane.restore(past, what));
    if (!plan) return;
    this.leave();
    if ("id" in what && layer.instances.areaOf(what.id) > 0) model.selected.value = what.id;
    notify(model, restoredText(what, plan, model.stackSize.value.nZ > 1));
  }

  /** What can be done here, or what restoring the choice would do. */
  effect(): string {
    if (this.far.isFar(this.#parts.layer)) return past.far;
    const choice = this.choice.value;
    if (!choice) return texts.history.past.clickToRestore;
    if (choice.plan === undefined) return texts.history.past.comparing;
    if (choice.plan === null) return texts.history.past.nothingToRestore;
    return texts.history.past.restoring(planText(choice.plan));
  }

  /** Whether a key belongs to the past: Esc and the arrows. */
  takesKey(name: string): boolean {
    if (!this.isAway) return false;
    if (name === "escape") {
      if (this.choice.value) this.choose(undefined);
      else this.leave();
      return true;
    }
    const older = ({ arrowleft: 1, arrowup: 1, arrowright: -1, arrowdown: -1 } as const)[name];
    if (older) void this.walk(older);
    return older !== undefined;
  }

  /** Say that a command changes something, which the past cannot be. */
  forbids(group: string): boolean {
    if (!this.isAway || !CHANGING.has(group)) return false;
    notify(this.#parts.model, READ_ONLY, { tone: "problem" });
    return true;
  }
}
