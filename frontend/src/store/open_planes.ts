/** The stores of a stack's planes: each opened once, and closed only when the server has all of it. */

import type { PlaneRef } from "../labels/spans";
import type { AnnotationPlane } from "./annotation_plane";
import type { Dispose } from "./types";

interface OpenPlane {
  readonly store: AnnotationPlane;
  readonly disposers: readonly Dispose[];
}

export interface PlanesOptions {
  readonly open: (plane: PlaneRef) => Promise<AnnotationPlane>;
  /** Listen to a store from now on. */
  readonly listen: (store: AnnotationPlane) => readonly Dispose[];
  /** A plane came or went. */
  readonly onChange: () => void;
}

export const nameOf = ({ t, z }: PlaneRef) => `${t}/${z}`;

export class OpenPlanes {
  private readonly options: PlanesOptions;
  private readonly planes = new Map<string, OpenPlane>();
  private readonly opening = new Map<string, Promise<AnnotationPlane>>();
  private wanted = new Set<string>();
  private shown: AnnotationPlane | undefined;
  private isClosed = false;

  constructor(options: PlanesOptions) {
    this.options = options;
  }

  get all(): AnnotationPlane[] {
    return [...this.planes.values()].map((one) => one.store);
  }

  of(plane: PlaneRef): AnnotationPlane | undefined {
    return this.planes.get(nameOf(plane))?.store;
  }

  /** The store of a plane; the same for as long as it is open. */
  get(plane: PlaneRef): Promise<AnnotationPlane> {
    const known = this.of(plane);
    if (known) return Promise.resolve(known);
    const name = nameOf(plane);
    const underway = this.opening.get(name);
    if (underway) return underway;
    const opening = this.options
      .open(plane)
      .then((store) => this.take(name, store))
      .finally(() => this.opening.delete(name));
    this.opening.set(name, opening);
    return opening;
  }

  private take(name: string, store: AnnotationPlane): AnnotationPlane {
    this.planes.set(name, { store, disposers: this.options.listen(store) });
    this.options.onChange();
    if (this.isClosed) this.close();
    return store;
  }

  /** This one is not closed, whatever is wanted. */
  hold(store: AnnotationPlane): void {
    this.shown = store;
    this.retire();
  }

  want(plane: PlaneRef): void {
    this.wanted.add(nameOf(plane));
  }

  wantOnly(planes: readonly PlaneRef[]): void {
    this.wanted = new Set(planes.map(nameOf));
    this.retire();
  }

  /** Close what is neither shown nor wanted, each when the server has all of it. */
  retire(): void {
    for (const [name, { store }] of this.planes) {
      if (this.isWanted(name, store)) continue;
      store.flush().then(
        () => {
          const isSaved = store.saveState.value.queued === 0 && !store.isBusy;
          if (isSaved && !this.isWanted(name, store)) this.drop(name, store);
        },
        () => undefined, // its own state says why; it is tried again with the next move
      );
    }
  }

  private isWanted(name: string, store: AnnotationPlane): boolean {
    return store === this.shown || this.wanted.has(name);
  }

  private drop(name: string, store: AnnotationPlane): void {
    const one = this.planes.get(name);
    if (one?.store !== store) return;
    this.planes.delete(name);
    for (const dispose of one.disposers) dispose();
    store.close();
    this.options.onChange();
  }

  close(): void {
    this.isClosed = true;
    for (const [name, { store }] of [...this.planes]) this.drop(name, store);
  }
}
