/** A painting desk over a real layer store; its stage has no screen. */

import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { EditRefused } from "../../src/store/edit_refused";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { PaintDesk, type PaintParts } from "../../src/ui/editor/paint_desk";
import type { Sketch } from "../../src/viewer/sketch";
import { until } from "../store/people";
import { FakeStage, type Press } from "../viewer/pointers";

export class Desk {
  readonly model: EditorModel = makeModel();
  readonly stage = new FakeStage();
  readonly paint: PaintDesk;
  readonly layer: AnnotationPlane;
  /** What is drawn over the image. */
  sketch: Sketch | undefined;
  grey: Uint8Array | undefined;
  /** Of the store, told to the person. */
  readonly refused: string[] = [];
  /** What edits returned: who listens to the editor hears of them by it. */
  readonly reports: unknown[] = [];

  constructor(layer: AnnotationPlane) {
    this.layer = layer;
    const set = (sketch: Sketch | undefined) => {
      this.sketch = sketch;
    };
    const scene = {
      stage: this.stage.asStage,
      cursor: { setBand() {} },
      sketch: { set, follow() {} },
      brightness: () => this.grey,
    };
    this.paint = new PaintDesk({
      model: this.model,
      scene,
      layer,
      drafts: { draft: undefined, shows: () => false },
      regions: { drop() {} },
      view: { isPanHeld: false, follow() {} },
      many: { count: 0, none() {} },
      attempt: <T>(edit: () => Promise<T>) => this.attempt(edit),
    } as unknown as PaintParts);
  }

  private async attempt<T>(edit: () => Promise<T>): Promise<T | undefined> {
    try {
      const report = await edit();
      this.reports.push(report);
      return report;
    } catch (error) {
      if (!(error instanceof EditRefused)) throw error;
      this.refused.push(error.message);
      return undefined;
    }
  }

  get said(): string {
    return this.model.spoken.value;
  }

  /** Press, move on to each further point, and let go: x, y, x, y … */
  drag(coordinates: readonly number[], press: Press = {}): void {
    const points = coordinates.flatMap((x, i) => (i % 2 === 0 ? [[x, coordinates[i + 1]]] : []));
    points.forEach(([x, y], at) => {
      this.stage.fire(at === 0 ? "pointerdown" : "pointermove", x as number, y as number, press);
    });
    const [x, y] = points.at(-1) as number[];
    this.stage.fire("pointerup", x as number, y as number, press);
  }

  click(x: number, y: number, press: Press = {}): void {
    this.drag([x, y], press);
  }

  /** Everything that was asked for is done. */
  async idle(): Promise<void> {
    await until(() => !this.layer.isBusy, "the edit");
    await new Promise((done) => setTimeout(done, 0));
  }

  close(): void {
    this.paint.close();
    this.layer.close();
  }
}
