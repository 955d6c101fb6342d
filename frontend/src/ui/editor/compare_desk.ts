/** Comparing two layers as a person does it: which ones, and the way through what differs. */
import { batch, effect, untracked } from "@preact/signals";
import type { LayerJson } from "../../api/types";
import type { DifferenceKind, Side } from "../../labels/differences";
import * as texts from "../../texts";
import { clickOrPan } from "../../tools/clicks";
import type { Gesture, PointerPlace } from "../../viewer/gesture";
import type { KeyId } from "./command_ids";
import { type CompareParts, CompareRun, sentenceOf } from "./compare_run";
import { CompareState } from "./compare_state";
import {
  groupText,
  HIDDEN,
  KIND_WORDS,
  likelyPair,
  NO_PAIR,
  PAINTING_IS_OFF,
} from "./compare_words";
import { meaningOf } from "./key_bindings";
import { notify } from "./notices";

/** What changes something, which a comparison does not let happen. */
const EDITING: readonly (KeyId | undefined)[] = [
  "accept",
  "reject",
  "edit-draft",
  "new-object",
  "delete-chosen",
];

export class CompareDesk {
  readonly state = new CompareState();
  readonly #parts: CompareParts;
  readonly #run: CompareRun;
  /** Counts the starts, so that the answer to one that was given up opens nothing. */
  #starting = 0;
  readonly #disposers: (() => void)[];

  constructor(parts: CompareParts) {
    this.#parts = parts;
    this.#run = new CompareRun(parts, this.state);
    const { model } = parts;
    const { state } = this;
    this.#disposers = [
      effect(() => {
        void model.plane.value;
        untracked(() => this.isOn && void this.#run.begin());
      }),
      effect(() => {
        void model.regions.value;
        untracked(() => this.#run.again());
      }),
      effect(() => {
        const [opacity, isPeeking] = [model.opacity.value, model.isPeeking.value];
        this.#run.view?.setOpacity(opacity);
        this.#run.view?.setShown(!isPeeking);
      }),
      effect(() => {
        void state.kinds.value;
        void state.compared.value;
        void state.hasCurtain.value;
        void model.edgeWidth.value;
        untracked(() => this.#run.look());
      }),
      effect(() => {
        const curtain = state.curtain.value;
        this.#run.view?.setCurtain(curtain);
      }),
      effect(() => {
        const box = state.chosenGroup?.box;
        this.#run.view?.choose(box);
      }),
    ];
  }

  get isOn(): boolean {
    return this.#parts.model.isComparing.value;
  }

  /** Both layers while they are shown. */
  get readers(): CompareRun["readers"] {
    return this.#run.readers;
  }

  /** A draft is compared, and an open blind region is in view. */
  get isBlind(): boolean {
    return this.#parts.model.isBlind.value && this.state.hasDraft;
  }

  toggle(): void {
    if (this.isOn) this.stop();
    else void this.start();
  }

  /** Compare what one most likely wants to compare. */
  async start(): Promise<void> {
    const { model, layers, layer } = this.#parts;
    const mine = ++this.#starting;
    let rows: LayerJson[];
    try {
      rows = await layers.ofImage(layer.info.imageId);
    } catch (error) {
      notify(model, sentenceOf(error), { tone: "problem" });
      return;
    }
    if (mine !== this.#starting) return;
    const pair = likelyPair(rows, layer.info.id, model.draftId.value);
    if (!pair) {
      notify(model, NO_PAIR);
      return;
    }
    batch(() => {
      this.state.rows.value = rows;
      [this.state.a.value, this.state.b.value] = pair;
      model.selected.value = 0;
      model.selectedDraft.value = 0;
      model.isComparing.value = true;
      model.isPanelOpen.value = true;
    });
    await this.#run.begin();
  }

  stop(): void {
    const { model } = this.#parts;
    this.#starting++;
    this.#run.end();
    batch(() => {
      model.isComparing.value = false;
      this.state.isPart.value = false;
      this.state.curtain.value = undefined;
    });
    model.spoken.value = texts.compare.closed;
  }

  choosePair(a: string | undefined, b: string | undefined): void {
    batch(() => {
      this.state.a.value = a;
      this.state.b.value = b;
    });
    void this.#run.begin();
  }

  swap(): void {
    this.choosePair(this.state.b.value, this.state.a.value);
  }

  /** Compare the plane, or only what is in view. */
  compareAgain(isPart = this.state.isPart.value): void {
    this.state.isPart.value = isPart;
    void this.#run.begin();
  }

  toggleKind(kind: DifferenceKind): void {
    const kinds = new Set(this.state.kinds.value);
    if (!kinds.delete(kind)) kinds.add(kind);
    this.state.kinds.value = kinds;
    const chosen = this.state.chosenGroup;
    if (chosen && !kinds.has(chosen.kind)) this.state.chosen.value = undefined;
  }

  toggleCurtain(): void {
    const { curtain } = this.state;
    curtain.value = curtain.value === undefined ? 0.5 : undefined;
  }

  step(direction: 1 | -1): void {
    const order = this.state.listed();
    if (this.isBlind || order.length === 0) {
      const text = this.isBlind ? HIDDEN : texts.compare.nothingListed;
      notify(this.#parts.model, text);
      return;
    }
    const at = order.indexOf(this.state.chosen.value ?? -1);
    const next = at < 0 ? (direction > 0 ? 0 : -1) : at + direction;
    this.choose(order[(next + order.length) % order.length] as number);
  }

  /** Mark a group, bring it into view and say what it is. */
  choose(place: number): void {
    const { model, scene } = this.#parts;
    this.state.chosen.value = place;
    const group = this.state.chosenGroup;
    if (!group) return;
    scene.stage.reveal(group.box);
    const order = this.state.listed();
    const where = texts.compare.place(order.indexOf(place) + 1, order.length);
    model.spoken.value = texts.compare.spoken(
      KIND_WORDS[group.kind].label,
      groupText(group),
      where,
    );
  }

  /** Whether a key press is about the comparison; it is done then. */
  takesKey(name: string, isOnStage: boolean): boolean {
    if (!this.isOn) return false;
    const { model } = this.#parts;
    const meaning = meaningOf(name, model.stackSize.value);
    if (name.endsWith("tab") && !isOnStage) return false;
    if (name === "tab" || meaning?.startsWith("next-doubtful")) this.step(1);
    else if (name === "shift+tab" || meaning?.startsWith("previous-doubtful")) this.step(-1);
    else if (EDITING.includes(meaning)) notify(model, PAINTING_IS_OFF);
    else if (name !== "escape") return false;
    else if (this.state.chosen.value === undefined) this.stop();
    else this.state.chosen.value = undefined;
    return true;
  }

  /** A click chooses what lies under it, a drag moves the image. */
  down(place: PointerPlace): Gesture {
    const { model, scene } = this.#parts;
    const panBy = (dx: number, dy: number) => {
      if (model.tool.value !== "select") notify(model, PAINTING_IS_OFF);
      scene.stage.panBy(dx, dy, true);
    };
    return clickOrPan(place, panBy, () => this.pick(place));
  }

  /** Choose the group under a point, as it is drawn there. */
  pick({ image, screen }: Pick<PointerPlace, "image" | "screen">): void {
    const { state } = this;
    const found = state.compared.value?.found;
    const { readers } = this;
    if (!found || !readers || this.isBlind) return;
    const curtain = state.curtain.value;
    const isLeft = screen.x < (curtain ?? 0) * this.#parts.scene.stage.view().width;
    const sides: Side[] = curtain === undefined ? ["b", "a"] : [isLeft ? "a" : "b"];
    for (const side of sides) {
      const place = found.placeOf(side, readers[side].labelAt(image) ?? 0);
      const kind = found.groups[place ?? -1]?.kind;
      if (place === undefined || !kind || !state.isDrawn(kind)) continue;
      if (!state.kinds.value.has(kind)) this.toggleKind(kind);
      this.choose(place);
      return;
    }
    state.chosen.value = undefined;
  }

  close(): void {
    this.#starting++;
    this.#run.end();
    for (const dispose of this.#disposers) dispose();
  }
}
