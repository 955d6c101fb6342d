/** The way from plane to plane: picture, labels and draft change in one moment, or not at all. */
import { batch } from "@preact/signals";
import { ApiError } from "../../api/client";
import type { PlaneRef } from "../../labels/spans";
import { EditRefused } from "../../store/edit_refused";
import type { StackStore } from "../../store/stack";
import type { DraftStore } from "../../store/types";
import * as texts from "../../texts";
import type { PointerInput } from "../../viewer/input";
import { showsDetail } from "../../viewer/label_view";
import type { Picture } from "../../viewer/tile_source";
import type { DraftDesk } from "./draft_desk";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import {
  clamped,
  isSame,
  isStack,
  MOST_PROJECTED,
  pictureOf,
  planeText,
  projectionOf,
  searchWith,
  shownNumber,
  stepped,
} from "./planes";
import type { Scene } from "./scene";
import type { TimeTravel } from "./time_travel";

export interface PlaneParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly stack: StackStore;
  readonly drafts: DraftDesk;
  readonly input: PointerInput;
  /** The past, when it is looked at, changes with the plane. */
  readonly travel: () => Pick<TimeTravel, "prepare" | "arrived">;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

interface PlaneLabels {
  readonly store: StackStore["plane"];
  readonly draft: DraftStore | undefined;
}

/** Neighbours are fetched when nothing has moved for so long. */
const REST_MS = 300;
/** A shorter wait needs no word. */
const WORD_AFTER_MS = 400;

export class PlaneDesk {
  readonly #parts: PlaneParts;
  #isGoing = false;
  #isCopying = false;
  #arrivals: (() => void)[] = [];
  #settled = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #dispose: () => void;

  constructor(parts: PlaneParts) {
    this.#parts = parts;
    this.#dispose = parts.scene.stage.onDrawn(() => this.#restart());
  }

  /** Move by planes along z, or along t where there is no z. */
  step(by: number): void {
    const { model } = this.#parts;
    this.#towards(stepped(model.wantedPlane.value, by, model.stackSize.value));
  }

  stepTime(by: number): void {
    const { t, z } = this.#parts.model.wantedPlane.value;
    this.#towards({ t: t + by, z });
  }

  #towards(plane: PlaneRef): void {
    const { model } = this.#parts;
    const there = clamped(plane, model.stackSize.value);
    if (isSame(there, model.wantedPlane.value)) {
      model.spoken.value = texts.planes.noFurther(planeText(there, model.stackSize.value));
    } else void this.go(there);
  }

  /** Show a plane; resolves when it, or one that was asked for later, is shown. */
  async go(plane: Partial<PlaneRef>): Promise<void> {
    const { model, input, scene } = this.#parts;
    const size = model.stackSize.value;
    model.wantedPlane.value = clamped({ ...model.wantedPlane.value, ...plane }, size);
    // What is being drawn belongs to the plane it was begun on.
    input.finish();
    if (this.#isGoing) {
      scene.stage.pictures.hurry();
      return new Promise((done) => this.#arrivals.push(done));
    }
    this.#isGoing = true;
    await this.#run();
    this.#isGoing = false;
    scene.stage.pictures.refine();
    model.isPlaneLate.value = false;
    for (const done of this.#arrivals.splice(0)) done();
  }

  /** One plane at a time is fetched; of those asked for meanwhile the newest is next. */
  async #run(): Promise<void> {
    const { model, attempt } = this.#parts;
    // Who is on the way through the stack sees coarse pictures rather than none.
    for (let n = 0; !isSame(model.wantedPlane.value, model.plane.value); n++) {
      const target = model.wantedPlane.value;
      const word = setTimeout(() => {
        model.isPlaneLate.value = true;
      }, WORD_AFTER_MS);
      const isThere = await attempt(async () => {
        await this.#bring(target, n > 0).catch((error) => this.#explain(error, target));
        return true;
      });
      clearTimeout(word);
      if (!isThere) model.wantedPlane.value = model.plane.value;
    }
  }

  /** Say which plane it is about; what the server says itself is passed on. */
  #explain(error: unknown, target: PlaneRef): never {
    if (error instanceof ApiError || !(error instanceof Error)) throw error;
    const name = planeText(target, this.#parts.model.stackSize.value);
    throw new EditRefused("no_plane", texts.planes.notShown(name, error.message));
  }

  async #bring(target: PlaneRef, isQuick: boolean): Promise<void> {
    const { scene, input } = this.#parts;
    let picture = this.#pictureFor(target);
    const [{ store, draft }] = await Promise.all([
      this.#labelsOf(target),
      scene.stage.pictures.prepare(picture, isQuick),
    ]);
    await input.whenIdle();
    while (picture.name !== this.#pictureFor(target).name) {
      // The projection was switched meanwhile.
      picture = this.#pictureFor(target);
      await scene.stage.pictures.prepare(picture, isQuick);
      await input.whenIdle();
    }
    this.#swap(target, store, draft, picture);
  }

  /** The plane's own labels and those of the draft, with what is in view of them. */
  async #labelsOf(target: PlaneRef): Promise<PlaneLabels> {
    const { model, scene, stack } = this.#parts;
    const store = await stack.prepare(target);
    const id = model.draftId.value;
    const draft = id === undefined ? undefined : await store.openDraft(id);
    await this.#parts.travel().prepare(target);
    const view = scene.stage.view();
    if (showsDetail(view, store.info.chunk)) {
      await Promise.all([store.ensure(view.visible), draft?.ensure(view.visible)]);
    }
    return { store, draft };
  }

  #swap(
    plane: PlaneRef,
    store: PlaneLabels["store"],
    draft: DraftStore | undefined,
    picture: Picture,
  ): void {
    const { model, scene, stack, drafts, travel } = this.#parts;
    scene.stage.pictures.show(picture, !isSame(plane, model.wantedPlane.value));
    batch(() => {
      model.plane.value = plane;
      stack.show(store);
      scene.showAnnotation(store);
      drafts.moveTo(draft);
      scene.layers.markSelected(drafts.draft);
      travel().arrived();
      model.spoken.value = planeText(plane, model.stackSize.value);
    });
    const search = searchWith(location.search, plane, model.stackSize.value);
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
    this.#restart();
  }

  // ------------------------------------------------------------ maximum projection

  /** Show the brightest of all planes, or the plane itself again. */
  async project(isOn: boolean): Promise<void> {
    const { model, scene, attempt } = this.#parts;
    const { nZ } = model.stackSize.value;
    if (isOn === model.isProjected.value || nZ < 2) return;
    if (isOn && nZ > MOST_PROJECTED) {
      const text = texts.planes.tooManyForMaximum(MOST_PROJECTED, nZ);
      notify(model, text, { tone: "problem" });
      return;
    }
    model.isProjected.value = isOn;
    model.isPlaneLate.value = isOn;
    await attempt(async () => {
      const picture = this.#pictureFor(model.plane.value);
      await scene.stage.pictures.prepare(picture);
      if (picture.name !== this.#pictureFor(model.plane.value).name) return;
      scene.stage.pictures.show(picture);
      model.spoken.value = isOn ? texts.planes.maximumOn : texts.planes.maximumOff;
    });
    if (!this.#isGoing) model.isPlaneLate.value = false;
    this.#settled = "";
    this.#restart();
  }

  #pictureFor(plane: PlaneRef): Picture {
    const { model } = this.#parts;
    const size = model.stackSize.value;
    const nChannels = model.channels.value.length;
    return model.isProjected.value
      ? projectionOf(plane.t, size, nChannels)
      : pictureOf(plane, size, nChannels);
  }

  // ------------------------------------------------------------ copying

  /** Copy the selected object into the next plane along z, and go there. */
  copySelected(by: 1 | -1): void {
    const { model, stack, attempt } = this.#parts;
    const id = model.selected.value;
    const from = model.plane.value;
    const to = clamped({ t: from.t, z: from.z + by }, model.stackSize.value);
    const problem = this.#copyProblem(id, from, to);
    if (problem) {
      notify(model, problem);
      return;
    }
    // A held key asks on before the plane is reached.
    if (this.#isCopying || this.#isGoing) return;
    this.#isCopying = true;
    this.#parts.input.finish();
    const copying = attempt(async () => {
      const source = await stack.prepare(from);
      const target = await stack.prepare(to);
      await target.copyFrom(source, id);
      await this.go(to);
      notify(model, texts.planes.copied(id, shownNumber(to.z)));
    });
    void copying.finally(() => {
      this.#isCopying = false;
    });
  }

  #copyProblem(id: number, from: PlaneRef, to: PlaneRef): string | undefined {
    const { model } = this.#parts;
    if (!model.mayAnnotate.value) return texts.editor.mayOnlyLook;
    if (id === 0) return texts.planes.selectFirst;
    return isSame(from, to) ? texts.planes.noneThere : undefined;
  }

  // ------------------------------------------------------------ neighbours

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetchNeighbours(), REST_MS);
  }

  /** Have the planes next to this one ready: pictures and labels of what is in view. */
  #fetchNeighbours(): void {
    const { model, scene, stack } = this.#parts;
    const size = model.stackSize.value;
    if (!isStack(size) || this.#isGoing) return;
    const here = model.plane.value;
    const view = scene.stage.view();
    const { x0, y0, x1, y1 } = view.visible;
    const state = [here.t, here.z, x0, y0, x1, y1].join();
    if (state === this.#settled) return;
    this.#settled = state;
    const next = [1, -1].map((by) => stepped(here, by, size)).filter((one) => !isSame(one, here));
    stack.keep([here, ...next]);
    const pictures = model.isProjected.value ? [here] : [here, ...next];
    scene.stage.pictures.keep([
      this.#pictureFor(here),
      ...pictures.map((one) => pictureOf(one, size, model.channels.value.length)),
    ]);
    for (const one of next) {
      // Nobody waits for it; who goes there asks again and is told.
      stack.prepare(one).then(
        (store) => (showsDetail(view, store.info.chunk) ? store.ensure(view.visible) : undefined),
        () => undefined,
      );
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#dispose();
  }
}
