/** Brings up a comparison: both layers opened, the server asked, the answer drawn and kept fresh. */
import { batch } from "@preact/signals";
import { ApiError } from "../../api/client";
import type { RestLayerApi } from "../../api/layers";
import type { Rect } from "../../geometry/rect";
import type { DifferenceGroup, DifferenceKind, Side } from "../../labels/differences";
import { openReader } from "../../store/reader";
import type { StackStore } from "../../store/stack";
import type { LabelReader } from "../../store/types";
import * as texts from "../../texts";
import { ComparisonView, type GroupSign } from "../../viewer/comparison";
import { type Compared, loadDifferences } from "./compare_load";
import type { CompareState } from "./compare_state";
import { CHANGES, KIND_WORDS, sideColouring } from "./compare_words";
import type { EditorModel } from "./model";
import type { Scene } from "./scene";

export interface CompareParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly layers: RestLayerApi;
}

/** After the last change of a layer; else each stroke would compare anew. */
const AGAIN_AFTER_MS = 1_000;

type Readers = Readonly<Record<Side, LabelReader>>;

export class CompareRun {
  readonly #parts: CompareParts;
  readonly #state: CompareState;
  #view: ComparisonView | undefined;
  #readers: Readers | undefined;
  #shown: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the comparisons, so that a slow one cannot replace a later one. */
  #comparing = 0;

  constructor(parts: CompareParts, state: CompareState) {
    this.#parts = parts;
    this.#state = state;
  }

  /** The drawn comparison. */
  get view(): ComparisonView | undefined {
    return this.#view;
  }

  /** Both layers while they are shown. */
  get readers(): Readers | undefined {
    return this.#readers;
  }

  /** Open both layers and show what differs. */
  async begin(): Promise<void> {
    const state = this.#state;
    const mine = ++this.#comparing;
    this.#hide();
    batch(() => {
      state.problem.value = undefined;
      state.isTooLarge.value = false;
      state.waiting.value = texts.compare.comparing;
    });
    const [a, b] = [state.a.value, state.b.value];
    if (!a || !b || a === b) {
      state.waiting.value = undefined;
      state.problem.value = texts.compare.chooseTwoLayers;
      return;
    }
    try {
      const readers = await this.#open(a, b);
      if (mine !== this.#comparing) {
        this.#closeReaders(readers);
        return;
      }
      this.#readers = readers;
      const compared = await this.#ask(a, b, mine);
      if (mine === this.#comparing) this.#show(readers, compared);
    } catch (error) {
      if (mine === this.#comparing) this.#failed(error);
    }
  }

  end(): void {
    this.#comparing++;
    this.#hide();
    this.#state.waiting.value = this.#state.problem.value = undefined;
  }

  /** Something changed: ask once more when it has calmed down. */
  again(): void {
    this.#later(() => {
      const { a, b } = this.#state;
      const mine = ++this.#comparing;
      this.#ask(a.value ?? "", b.value ?? "", mine).then(
        (compared) => mine === this.#comparing && this.#take(compared),
        (error) => mine === this.#comparing && this.#failed(error),
      );
    });
  }

  /** Colour anew what is drawn, and how. */
  look(): void {
    const compared = this.#state.compared.value;
    if (compared) this.#view?.setLook(this.#lookOf(compared));
  }

  async #open(a: string, b: string): Promise<Readers> {
    const { layer, layers, model } = this.#parts;
    const plane = model.plane.value;
    const open = (id: string) =>
      id === layer.info.id ? Promise.resolve(layer.plane) : openReader(layers, id, plane);
    const [inA, inB] = await Promise.all([open(a), open(b)]);
    return { a: inA, b: inB };
  }

  async #ask(a: string, b: string, mine: number): Promise<Compared> {
    const { layer, layers, model, scene } = this.#parts;
    const state = this.#state;
    // The server compares what it has.
    if (a === layer.info.id || b === layer.info.id) await layer.flush();
    return loadDifferences(layers, {
      ...{ a, b, plane: model.plane.value },
      box: state.isPart.value ? scene.stage.view().visible : undefined,
      isWanted: () => mine === this.#comparing,
      onProgress: (done, all) => {
        if (mine !== this.#comparing) return;
        state.waiting.value = texts.compare.comparingPart(done, all);
      },
    });
  }

  #failed(error: unknown): void {
    const state = this.#state;
    batch(() => {
      state.waiting.value = undefined;
      state.problem.value = sentenceOf(error);
      state.isTooLarge.value = error instanceof ApiError && error.code === "comparison_too_large";
    });
  }

  #show(readers: Readers, compared: Compared): void {
    const { scene, model } = this.#parts;
    const view = new ComparisonView({
      ...readers,
      look: this.#lookOf(compared),
      isHidden: (shown) => this.#state.hasDraft && scene.isBlind(shown),
      signsIn: (box) => this.#signsIn(box),
      request: () => scene.layers.request(),
    });
    view.setOpacity(model.opacity.value);
    view.setCurtain(this.#state.curtain.value);
    this.#view = view;
    this.#shown = [scene.layers.addComparison(view), () => view.destroy(), ...this.#follow()];
    this.#take(compared);
  }

  /** Listen to the layers that people draw on. */
  #follow(): (() => void)[] {
    const { layer, layers } = this.#parts;
    const people = [this.#state.rowOf("a"), this.#state.rowOf("b")].filter(
      (row) => row?.kind === "annotation",
    );
    return people.map((row) => {
      if (!row || row.id === layer.info.id) return layer.onInstances(() => this.again());
      // Its strokes are not followed here: its pixels are read anew.
      const reread = () => this.#later(() => void this.#reread());
      const listening = layers.events(row.id, () => row.seq, {
        onOp: reread,
        onResync: reread,
        onInstances() {},
        onOpen() {},
        onBroken() {},
      });
      return () => listening.close();
    });
  }

  #take(compared: Compared): void {
    const state = this.#state;
    batch(() => {
      state.waiting.value = undefined;
      state.problem.value = undefined;
      state.chosen.value = undefined;
      state.compared.value = compared;
    });
    const n = CHANGES.reduce((sum, kind) => sum + compared.counts[kind], 0);
    this.#parts.model.spoken.value = texts.compare.compared(n);
  }

  #later(act: () => void): void {
    if (!this.#view) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, AGAIN_AFTER_MS);
  }

  async #reread(): Promise<void> {
    const { layers, layer } = this.#parts;
    const { rows } = this.#state;
    const before = this.#comparing;
    const found = await layers.ofImage(layer.info.imageId).catch(() => rows.value);
    if (before !== this.#comparing) return;
    rows.value = found;
    await this.begin();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    for (const dispose of this.#shown.splice(0)) dispose();
    this.#view = undefined;
    if (this.#readers) this.#closeReaders(this.#readers);
    this.#readers = undefined;
    batch(() => {
      this.#state.chosen.value = undefined;
      this.#state.compared.value = undefined;
    });
  }

  /** The annotation itself stays open. */
  #closeReaders(readers: Readers): void {
    for (const one of [readers.a, readers.b]) {
      if (one.info.id !== this.#parts.layer.info.id) one.close();
    }
  }

  #lookOf({ found }: Compared) {
    const look = {
      isDrawn: (kind: DifferenceKind) => this.#state.isDrawn(kind),
      edgeWidth: this.#parts.model.edgeWidth.value,
      isApart: this.#state.hasCurtain.value,
    };
    return { a: sideColouring("a", found, look), b: sideColouring("b", found, look) };
  }

  #signsIn(box: Rect): GroupSign[] {
    const { compared, kinds } = this.#state;
    const found = compared.value?.found;
    return (found?.within(box) ?? []).flatMap((place) => {
      const group = found?.groups[place] as DifferenceGroup;
      if (!kinds.value.has(group.kind)) return [];
      const { sign, colour } = KIND_WORDS[group.kind];
      const isIn = { a: group.a.length > 0, b: group.b.length > 0 };
      return [{ box: group.box, sign, colour, isIn }];
    });
  }
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
