/** Regions between the panel and the server. */
import type { ImageApi } from "../../api/images";
import type { RegionJson } from "../../api/types";
import { type Rect, rect } from "../../geometry/rect";
import { meets, type PlaneRef, type Span } from "../../labels/spans";
import type { LayerStore } from "../../store/types";
import * as texts from "../../texts";
import type { Coverage, EditorModel, Purpose, RegionInfo } from "./model";
import { notify } from "./notices";
import type { Scene } from "./scene";

export interface RegionParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: LayerStore;
  readonly images: ImageApi;
  /** Told with the region as it is now and a sentence for the person. */
  readonly onSubmitted: (region: RegionInfo, text: string) => void;
  /** Show another plane of a stack. */
  readonly goTo: (plane: PlaneRef) => Promise<void>;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

export class RegionDesk {
  readonly #parts: RegionParts;

  constructor(parts: RegionParts) {
    this.#parts = parts;
  }

  setRows(rows: readonly RegionJson[]): void {
    this.#parts.model.regions.value = rows.map(regionInfo);
  }

  /** Read the regions again: somebody else may have opened or submitted one. */
  refresh(): void {
    const { model, images, layer } = this.#parts;
    const known = model.regions.value;
    images.regions(layer.info.imageId).then(
      (rows) => {
        // Changed here meanwhile: the answer may be older than that.
        if (model.regions.value === known) this.setRows(rows);
        else this.refresh();
      },
      () => undefined, // the next event or reload brings them
    );
  }

  proposeWholeImage(): void {
    const { model, layer } = this.#parts;
    model.drawnBox.value = rect(0, 0, layer.info.width, layer.info.height);
  }

  drawn(box: Rect): void {
    const { model, scene } = this.#parts;
    scene.cursor.setBand(undefined);
    model.drawnBox.value = box;
    model.isPanelOpen.value = true;
    model.spoken.value = texts.regions.drawn;
  }

  drop(): void {
    this.#parts.model.drawnBox.value = undefined;
  }

  /** @param planes how far it reaches; without them it is of the plane that is shown */
  declare(box: Rect, coverage: Coverage, purpose: Purpose, planes?: Span): void {
    const { model, images, layer, attempt } = this.#parts;
    void attempt(async () => {
      const row = await images.openRegion(layer.info.imageId, {
        row0: box.y0,
        col0: box.x0,
        row1: box.y1,
        col1: box.x1,
        coverage,
        purpose,
        layer: layer.info.id,
        t: layer.info.t,
        z: planes?.z ?? layer.info.z,
        ...(planes && planes.depth > 1 && { depth: planes.depth }),
      });
      model.drawnBox.value = undefined;
      this.#put(regionInfo(row));
      model.chosenRegion.value = row.id;
      model.tool.value = "brush";
      notify(model, texts.regions.opened);
    });
  }

  /**
   * Choose a region and bring it into view, for a link that names it.
   *
   * @param plane to be seen there, if the link names one too
   */
  open(id: string, plane?: PlaneRef): void {
    const { model, scene } = this.#parts;
    const region = model.regions.value.find((one) => one.id === id);
    if (!region) {
      notify(model, texts.regions.linkIsGone, { tone: "problem" });
      return;
    }
    model.chosenRegion.value = region.id;
    void (plane ? Promise.resolve() : this.#goTo(region)).then(() => {
      scene.stage.showBox(region.box, true);
      model.spoken.value = texts.regions.chosen;
    });
  }

  /** Stay where its planes are, or go to the first of them. */
  async #goTo(region: RegionInfo): Promise<void> {
    const { model, goTo } = this.#parts;
    if (!meets(region, { ...model.plane.value, depth: 1 }))
      await goTo({ t: region.t, z: region.z });
  }

  /** Submit the chosen region: for the keyboard. */
  submitChosen(): void {
    const { model } = this.#parts;
    const region = model.regions.value.find((one) => one.id === model.chosenRegion.value);
    if (!region) notify(model, texts.regions.chooseFirst);
    else if (region.state === "submitted") notify(model, texts.regions.submittedAlready);
    else this.submit(region);
  }

  show(region: RegionInfo): void {
    const { model, scene } = this.#parts;
    const isChosen = model.chosenRegion.value === region.id;
    model.chosenRegion.value = isChosen ? undefined : region.id;
    if (!isChosen) void this.#goTo(region).then(() => scene.stage.showBox(region.box));
  }

  change(region: RegionInfo, change: { coverage?: Coverage; purpose?: Purpose }): void {
    void this.#parts.attempt(async () => {
      this.#put(regionInfo(await this.#parts.images.patchRegion(region.id, change)));
    });
  }

  remove(region: RegionInfo): void {
    const { model, images, attempt } = this.#parts;
    void attempt(async () => {
      await images.deleteRegion(region.id);
      model.regions.value = model.regions.value.filter((one) => one.id !== region.id);
      notify(model, texts.regions.removed);
    });
  }

  /** Every stroke must be on the server before it is copied. */
  submit(region: RegionInfo): void {
    const { model, images, layer, attempt, onSubmitted } = this.#parts;
    void attempt(async () => {
      if (layer.isBusy || model.save.value.queued > 0) {
        notify(model, texts.regions.submitting);
      }
      // Always: the stroke under the hand is not counted as waiting.
      await layer.flush();
      const n = this.objectsIn(region.box, region);
      const submitted = regionInfo(await images.submitRegion(region.id));
      this.#put(submitted);
      const use =
        region.purpose === "training" ? texts.regions.useOf.training : texts.regions.useOf.blind;
      onSubmitted(submitted, texts.regions.submitted(n, use));
    });
  }

  reopen(region: RegionInfo): void {
    void this.#parts.attempt(async () => {
      this.#put(regionInfo(await this.#parts.images.reopenRegion(region.id)));
    });
  }

  /** Objects whose box meets the region, in the plane that is shown or in others. */
  objectsIn(box: Rect, planes?: Span): number {
    return this.#parts.layer.instances.within(box, planes).length;
  }

  #put(region: RegionInfo): void {
    const { model } = this.#parts;
    const others = model.regions.value.filter((one) => one.id !== region.id);
    const isNew = others.length === model.regions.value.length;
    model.regions.value = isNew
      ? [...others, region]
      : model.regions.value.map((one) => (one.id === region.id ? region : one));
  }
}

function regionInfo(row: RegionJson): RegionInfo {
  return {
    id: row.id,
    box: rect(row.col0, row.row0, row.col1, row.row1),
    coverage: row.coverage,
    purpose: row.purpose,
    state: row.state,
    t: row.t,
    z: row.z,
    depth: row.depth,
  };
}
