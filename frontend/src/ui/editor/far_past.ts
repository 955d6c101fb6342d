/** What of the past is seen from far away: loaded for it where that is little enough, else told. */
import { effect, signal, untracked } from "@preact/signals";
import type { PastPlane } from "../../store/past_plane";
import { past as texts } from "../../texts/past";
import { showsDetail } from "../../viewer/label_view";
import type { EditorModel } from "./model";
import type { Scene } from "./scene";

export class FarPast {
  readonly #model: EditorModel;
  readonly #scene: Scene;
  /** Counts what was loaded. */
  readonly #loads = signal(0);
  #past: PastPlane | undefined;
  #stop: (() => void) | undefined;

  constructor(model: EditorModel, scene: Scene) {
    this.#model = model;
    this.#scene = scene;
  }

  /** Whether symbols stand for the objects of a plane. */
  isFar({ info }: { readonly info: PastPlane["info"] }): boolean {
    return !showsDetail(this.#scene.stage.view(), info.chunk);
  }

  /** Follow the zoom while this is shown; undefined for no longer. */
  follow(past: PastPlane | undefined): void {
    this.#stop?.();
    this.#past = past;
    this.#stop = effect(() => {
      void this.#model.scale.value;
      untracked(() => this.#load());
    });
  }

  #load(): void {
    const past = this.#past;
    if (!past || past.isWhole || !this.isFar(past)) return;
    const told = () => {
      this.#loads.value++;
    };
    past.ensureWhole().then(told, told);
  }

  /** What is not seen from here, in a sentence. */
  hidden(): string | undefined {
    void this.#loads.value;
    const past = this.#past;
    if (!past || past.isWhole || !this.isFar(past)) return undefined;
    return past.mayBeWhole ? texts.loading : texts.zoomIn;
  }
}
