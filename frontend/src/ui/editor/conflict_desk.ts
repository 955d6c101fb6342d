/** Pixels that others changed first, and strokes that were set aside: told, and a person decides. */
import { EMPTY_RECT, union } from "../../geometry/rect";
import type { PlaneRef } from "../../labels/spans";
import type { AsideOp, RefusedReport } from "../../store/saving_types";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import type { EditorModel } from "./model";
import { dismiss, notify } from "./notices";
import { isSame } from "./planes";
import type { Scene } from "./scene";

export interface ConflictParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly goTo: (plane: PlaneRef) => Promise<void>;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class ConflictDesk {
  readonly #parts: ConflictParts;
  /** What the notice on screen is about. */
  #refused: RefusedReport[] = [];
  #notice = 0;
  readonly #disposers: (() => void)[];

  constructor(parts: ConflictParts) {
    this.#parts = parts;
    const { layer, model } = parts;
    this.#disposers = [
      layer.onRefused((report) => this.#tell(report)),
      layer.aside.subscribe((aside) => {
        const isMore = aside.length > model.aside.value.length;
        model.aside.value = aside;
        if (isMore) this.#tellAside(aside.length);
      }),
    ];
  }

  /** One sentence for all that was refused since the last one was read. */
  #tell(report: RefusedReport): void {
    const { model } = this.#parts;
    const isRead = !model.notices.value.some((notice) => notice.id === this.#notice);
    if (isRead) this.#refused = [];
    this.#refused.push(report);
    const n = this.#refused.reduce((sum, one) => sum + one.nRefused, 0);
    const isUndo = this.#refused.every(({ kind }) => kind === "undo" || kind === "redo");
    const text = texts.saving.conflict.refused(n, isUndo);
    dismiss(model, this.#notice);
    this.#notice = notify(model, text, {
      tone: "problem",
      stays: true,
      actions: [
        { label: texts.saving.conflict.show, run: () => this.showRefused(), stays: true },
        { label: texts.saving.conflict.useMine, run: () => this.useMine() },
      ],
    });
  }

  /** Show the newest and what else was refused on its plane. */
  showRefused(): void {
    const { scene, goTo } = this.#parts;
    const newest = this.#refused.at(-1);
    if (!newest) return;
    const here = this.#refused.filter((one) => isSame(one.plane, newest.plane));
    void goTo(newest.plane).then(() => {
      scene.stage.reveal(here.map((one) => one.rect).reduce(union, EMPTY_RECT));
      scene.flash.show(here.map((one) => one.refused));
    });
  }

  useMine(): void {
    const { model, layer, attempt } = this.#parts;
    const refused = this.#refused.splice(0);
    dismiss(model, this.#notice);
    void attempt(async () => {
      const nPixels = await layer.reclaimAll(refused);
      notify(
        model,
        nPixels > 0
          ? texts.saving.conflict.mineUsed(nPixels)
          : texts.saving.conflict.nothingWritten,
      );
    });
  }

  #tellAside(n: number): void {
    const { model } = this.#parts;
    notify(model, texts.saving.conflict.nAside(n), {
      tone: "problem",
      stays: true,
      actions: [{ label: texts.saving.conflict.decide, run: () => this.openAside() }],
    });
  }

  openAside(): void {
    this.#parts.model.isAsideOpen.value = true;
  }

  showAside({ plane, rect }: AsideOp): void {
    const { model, scene, goTo } = this.#parts;
    model.isAsideOpen.value = false;
    void goTo(plane ?? model.plane.value).then(() => rect && scene.stage.reveal(rect));
  }

  retryAside(key: string): void {
    void this.#parts.attempt(() => this.#parts.layer.retryAside(key));
  }

  discardAside(key: string): void {
    void this.#parts.attempt(() => this.#parts.layer.discardAside(key));
  }

  /** The text of a stroke, for a file. */
  fileOf(key: string): string {
    return this.#parts.layer.asideFile(key);
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
  }
}
