/**
 * The annotation layer of a whole image: one plane of it is shown and edited at a time.
 *
 * Each plane has a store of its own, with its own queue and undo history. A plane that is left goes
 * on saving until the server has everything; only then is it closed. What planes have in common,
 * ids, news, what was set aside, is shared.
 */

import type { InstanceState } from "../labels/instance_rows";
import type { PlaneRef } from "../labels/spans";
import { planesWithRows } from "./adopt";
import type { AnnotationPlane } from "./annotation_plane";
import { AsideShelf } from "./aside";
import { EditLock } from "./edit_lock";
import type { HistoryState, LongEdit, OpReport, Preserve } from "./edit_types";
import { IdPool } from "./id_pool";
import { type Journal, openJournal } from "./journal";
import { Cell, type Listeners } from "./observable";
import { type OpenOptions, openLayerStore } from "./open";
import { nameOf, OpenPlanes } from "./open_planes";
import { combined } from "./save_states";
import type { AsideOp, RefusedReport, SaveState } from "./saving_types";
import { sessionLocks } from "./sessions";
import { SharedFeed } from "./shared_feed";
import { ShownPlane } from "./shown_plane";
import type { Dispose, DraftStore, LayerStore, Observable } from "./types";
import { VolumeAccept } from "./volume_accept";

export interface StackOptions
  extends Omit<OpenOptions, "t" | "z" | "ids" | "shelf" | "undelivered"> {
  /** The plane to begin with. */
  readonly plane: PlaneRef;
}

/** @throws ApiError or NetworkError when the layer cannot be read */
export async function openStack(options: StackOptions): Promise<StackStore> {
  const journal = options.journal ?? (await openJournal());
  const stack = new StackStore(options, journal);
  await stack.begin(options.plane);
  return stack;
}

export class StackStore extends ShownPlane implements LayerStore {
  readonly saveState: Cell<SaveState>;
  readonly history: Cell<HistoryState>;
  /** On whatever plane. */
  readonly longEdit = new Cell<LongEdit | null>(null);
  readonly aside: Observable<readonly AsideOp[]>;
  /** Closed while the past is looked at. */
  readonly lock = new EditLock();
  private readonly options: OpenOptions;
  /** What of the server all planes share. */
  readonly api: SharedFeed;
  private readonly volumes: VolumeAccept;
  private readonly planes: OpenPlanes;
  private readonly shelf: AsideShelf;
  private current: AnnotationPlane | undefined;

  constructor(options: StackOptions, journal: Journal) {
    super();
    this.api = new SharedFeed(options.api);
    this.shelf = new AsideShelf(journal, options.user, options.layerId);
    this.aside = this.shelf.state;
    this.saveState = new Cell(combined([]));
    this.history = new Cell<HistoryState>(NO_HISTORY);
    const { user, layerId } = options;
    this.volumes = new VolumeAccept(this.api, this, {
      ...{ user, layerId, journal },
      storeOf: (plane) => this.planes.of(plane),
    });
    this.planes = new OpenPlanes({
      open: ({ t, z }) => openLayerStore({ ...this.options, t, z }),
      listen: (store) => this.listenTo(store),
      onChange: () => this.showSaveState(),
    });
    this.options = {
      ...options,
      journal,
      api: this.api,
      locks: options.locks ?? sessionLocks(),
      ids: new IdPool(this.api, options.layerId),
      shelf: this.shelf,
      lock: this.lock,
      undelivered: (draft) => this.undelivered(draft),
    };
  }

  /** Open the first plane, and send what earlier pages left on others. */
  async begin(plane: PlaneRef): Promise<void> {
    this.show(await this.prepare(plane));
    await this.shelf.load().catch(() => undefined);
    const { journal, user, layerId } = this.options;
    const left = await planesWithRows(journal as Journal, user, layerId).catch(() => []);
    for (const one of left) {
      // Opened, it takes over what is not sent; shown by nobody, it is closed when that is done.
      // One that cannot be opened now is tried again when somebody goes there.
      if (!this.isOpen(one)) this.planes.get(one).then(() => this.planes.retire(), nothing);
    }
  }

  // ------------------------------------------------------------ planes

  /** The store of the plane that is shown. */
  get plane(): AnnotationPlane {
    if (!this.current) throw new Error("The stack is not open.");
    return this.current;
  }

  /** Have the store of a plane at hand, until `keep` leaves it out. @throws ApiError or NetworkError */
  prepare(plane: PlaneRef): Promise<AnnotationPlane> {
    this.planes.want(plane);
    return this.planes.get(plane);
  }

  /** Whether a plane can be shown without asking the server. */
  isOpen(plane: PlaneRef): boolean {
    return this.planes.of(plane) !== undefined;
  }

  /** Make a prepared plane the one that everything else is about. */
  show(store: AnnotationPlane): void {
    if (this.current === store) return;
    this.current = store;
    this.history.set(store.history.value);
    this.listeners.instances.tell({ origin: "local", ids: null });
    this.planes.hold(store);
  }

  /** Planes that are likely to be shown next; all others are closed once they are saved. */
  keep(planes: readonly PlaneRef[]): void {
    this.planes.wantOnly(planes);
  }

  private listenTo(store: AnnotationPlane): Dispose[] {
    const isShown = () => this.current === store;
    const only =
      <T>(listeners: Listeners<T>) =>
      (event: T) => {
        if (isShown()) listeners.tell(event);
      };
    return [
      store.saveState.subscribe(() => this.showSaveState()),
      store.longEdit.subscribe(() => this.showLongEdit()),
      store.history.subscribe((state) => isShown() && this.history.set(state)),
      store.onDirty(only(this.listeners.dirty)),
      store.onInstances(only(this.listeners.instances)),
      store.onTrouble(only(this.listeners.trouble)),
      store.onRemote(only(this.listeners.remote)),
      store.onRefused((report) => this.listeners.refused.tell(report)),
    ];
  }

  private showSaveState(): void {
    this.saveState.set(combined(this.planes.all.map((store) => store.saveState.value)));
  }

  private showLongEdit(): void {
    const edits = this.planes.all.map((store) => store.longEdit.value);
    this.longEdit.set(edits.find((edit) => edit !== null) ?? null);
  }

  private undelivered(draft: string): Map<number, InstanceState> {
    return new Map(this.planes.all.flatMap((store) => [...store.recorder.undelivered(draft)]));
  }

  undo(): Promise<OpReport | null> {
    return this.reverse("undo");
  }

  redo(): Promise<OpReport | null> {
    return this.reverse("redo");
  }

  /** What the server did in several planes at once is undone in all of them. */
  private async reverse(from: "undo" | "redo"): Promise<OpReport | null> {
    const { planes, group } = this.plane.recorder.history.peek(from)[0]?.meta ?? {};
    if (!planes || group === undefined || this.isBusy) {
      return from === "undo" ? this.plane.undo() : this.plane.redo();
    }
    const { t } = this.info;
    let report: OpReport | null = null;
    for (const z of planes) {
      const store = await this.planes.get({ t, z });
      report = (await store.reverseGroup(from, group)) ?? report;
    }
    this.planes.retire();
    return report;
  }

  // ------------------------------------------------------------ several planes at once

  acceptDraft(draft: DraftStore, id: number, preserve?: Preserve): Promise<number> {
    if (this.isOnPlane(draft, id)) return this.plane.acceptDraft(draft, id, preserve);
    return this.volumes.acceptOne(draft, id, preserve);
  }

  editDraft(draft: DraftStore, id: number): Promise<number> {
    if (this.isOnPlane(draft, id)) return this.plane.editDraft(draft, id);
    return this.volumes.acceptOne(draft, id, "pixels");
  }

  acceptMany(
    draft: DraftStore,
    ids: ArrayLike<number>,
    preserve: Preserve = "pixels",
  ): Promise<number> {
    const all = Array.from(ids);
    if (all.every((id) => this.isOnPlane(draft, id))) {
      return this.plane.acceptMany(draft, all, preserve);
    }
    return this.volumes.acceptMany(draft, all, preserve);
  }

  /** Whether every pixel of it lies in the plane that is shown. */
  private isOnPlane(draft: DraftStore, id: number): boolean {
    const row = draft.instances.get(id);
    const { t, z } = this.info;
    return !row || (row.t === t && row.z === z && row.depth === 1);
  }

  /** Take in at once what the server did to this layer. */
  async catchUp(): Promise<void> {
    await Promise.all(this.planes.all.map((store) => store.inbox.catchUp()));
  }

  /** Called when the server has got ops, of whomever and on whatever plane. */
  onOps(listener: () => void): Dispose {
    // This reader needs none of them sent again: it is told of by the planes' connection.
    const listening = this.api.events(this.options.layerId, () => Number.POSITIVE_INFINITY, {
      onOp: listener,
      onInstances: () => undefined,
      onResync: listener,
      onOpen: () => undefined,
      onBroken: () => undefined,
    });
    return () => listening.close();
  }

  // ------------------------------------------------------------ all planes

  async refreshClasses(): Promise<void> {
    await Promise.all(this.planes.all.map((store) => store.refreshClasses()));
  }

  retrySaving(): void {
    for (const store of this.planes.all) store.retrySaving();
  }

  async flush(): Promise<void> {
    await Promise.all(this.planes.all.map((store) => store.flush()));
  }

  /** Write what was refused on any plane all the same; resolves to how many pixels were written. */
  async reclaimAll(reports: readonly RefusedReport[]): Promise<number> {
    let nPixels = 0;
    for (const name of new Set(reports.map((one) => nameOf(one.plane)))) {
      const own = reports.filter((one) => nameOf(one.plane) === name);
      const store = await this.planes.get((own[0] as RefusedReport).plane);
      nPixels += (await store.reclaim(own.map((one) => one.refused)))?.nPixels ?? 0;
    }
    this.planes.retire();
    return nPixels;
  }

  async retryAside(key: string): Promise<void> {
    const plane = this.aside.value.find((op) => op.key === key)?.plane;
    const store = plane ? await this.planes.get(plane) : this.plane;
    await store.retryAside(key);
    this.planes.retire();
  }

  discardAside(key: string): Promise<void> {
    return this.shelf.discard(key);
  }

  asideFile(key: string): string {
    return this.shelf.fileOf(key);
  }

  close(): void {
    this.planes.close();
  }
}

const NO_HISTORY: HistoryState = {
  canUndo: false,
  canRedo: false,
  undoKind: null,
  redoKind: null,
};

const nothing = () => undefined;
