/** Pixels that others changed first, and strokes that were set aside: told, and a person decides. */
import { EMPTY_RECT, type Rect, union } from "../../geometry/rect";
import type { LayerStore, RefusedReport } from "../../store/types";
import { dismiss, type EditorModel, notify } from "./model";
import { plural } from "./parts";
import type { Scene } from "./scene";

export interface ConflictParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
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
    const text = `Someone else changed ${n.toLocaleString("en")} px while you painted; your version was not used there.`;
    dismiss(model, this.#notice);
    this.#notice = notify(model, text, {
      tone: "problem",
      stays: true,
      actions: [
        { label: "Show", run: () => this.showRefused(), stays: true },
        { label: "Use mine", run: () => this.useMine() },
      ],
    });
  }

  showRefused(): void {
    const { scene } = this.#parts;
    scene.stage.reveal(this.#refused.map((one) => one.rect).reduce(union, EMPTY_RECT));
    scene.flash.show(this.#refused.map((one) => one.refused));
  }

  useMine(): void {
    const { model, layer, attempt } = this.#parts;
    const refused = this.#refused.splice(0).map((one) => one.refused);
    dismiss(model, this.#notice);
    void attempt(async () => {
      const report = await layer.reclaim(refused);
      notify(
        model,
        report
          ? `Your version is used now: ${plural(report.nPixels, "pixel")} written. Undo takes it back.`
          : "Nothing had to be written: these pixels are as you wanted them.",
      );
    });
  }

  #tellAside(n: number): void {
    const { model } = this.#parts;
    notify(model, `${plural(n, "stroke")} could not be saved and ${n === 1 ? "is" : "are"} kept.`, {
      tone: "problem",
      stays: true,
      actions: [{ label: "Decide", run: () => this.openAside() }],
    });
  }

  openAside(): void {
    this.#parts.model.isAsideOpen.value = true;
  }

  showAside(box: Rect): void {
    this.#parts.model.isAsideOpen.value = false;
    this.#parts.scene.stage.reveal(box);
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
