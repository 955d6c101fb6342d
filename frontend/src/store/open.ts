/** Opens the annotation layer of one image plane. */

import type { LayerApi } from "../api/layers";
import type { LayerJson } from "../api/types";
import type { InstanceState } from "../labels/instance_rows";
import { adoptOrphans } from "./adopt";
import { AnnotationPlane } from "./annotation_plane";
import type { AsideShelf } from "./aside";
import { DraftPlane } from "./draft_plane";
import type { EditLock } from "./edit_lock";
import type { IdPool } from "./id_pool";
import { type Journal, openJournal } from "./journal";
import { newId, type SessionLocks, sessionLocks } from "./sessions";
import type { Dispose } from "./types";

export interface OpenOptions {
  readonly api: LayerApi;
  /** The annotation layer. */
  readonly layerId: string;
  /** What the server has said of it, if it was asked already. */
  readonly layer?: LayerJson;
  /** Whose strokes these are: another person's journal on this computer is left alone. */
  readonly user: string;
  /** Who may only look needs no instance ids; default true. */
  readonly mayAnnotate?: boolean;
  readonly t?: number;
  readonly z?: number;
  /** Chunks to keep in memory, 3.4 MiB each with their colours. */
  readonly chunkLimit?: number;
  readonly mostUnsaved?: number;
  readonly journal?: Journal;
  readonly locks?: SessionLocks;
  /** What the planes of a layer share. */
  readonly ids?: IdPool;
  readonly shelf?: AsideShelf;
  readonly lock?: EditLock;
  /** Decisions that another plane of the layer has not delivered yet. */
  readonly undelivered?: (draftId: string) => ReadonlyMap<number, InstanceState>;
}

export const CHUNK_LIMIT = 128;
// Every accept anywhere changes states: read them when it has calmed down.
const STATES_AFTER_MS = 2000;

/** @throws ApiError or NetworkError when the layer cannot be read */
export async function openLayerStore(options: OpenOptions): Promise<AnnotationPlane> {
  const { api, layerId, user, t = 0, z = 0, chunkLimit = CHUNK_LIMIT } = options;
  const locks = options.locks ?? sessionLocks();
  const session = newId();
  const journal = options.journal ?? (await openJournal());
  const layer = options.layer ?? (await api.layer(layerId));
  const { ids: sharedIds, shelf } = options;
  const store: AnnotationPlane = new AnnotationPlane({
    ...{ api, layer, t, z, chunkLimit, user, session, journal },
    ...(sharedIds && { ids: sharedIds }),
    ...(shelf && { shelf }),
    ...(options.mostUnsaved && { mostUnsaved: options.mostUnsaved }),
    ...(options.lock && { lock: options.lock }),
    openDraft: async (id) => {
      const draft = new DraftPlane(
        { api, layer: await api.layer(id), t, z, chunkLimit },
        (draftId, ids, state) => store.recorder.decide(draftId, ids, state),
        () => new Map([...(options.undelivered?.(id) ?? []), ...store.recorder.undelivered(id)]),
        () => store.recorder.undeliveredClasses(id),
      );
      await draft.load();
      return draft;
    },
  });
  // On their way while the layer loads; without them the page opens too, and says why it cannot paint.
  const ids = options.mayAnnotate === false ? null : store.ids.ensure(1).catch(() => undefined);
  await store.load();
  const held = [await locks.hold(session)];
  await store.recorder.history.restore().catch(() => undefined);
  const own = { session, user, layer: layerId, t, z };
  const adopted = await adoptOrphans(journal, locks, own).catch(() => {
    store.recorder.queue.storageFailed();
    return { orphans: [], locks: [] };
  });
  for (const orphan of adopted.orphans) store.adopt(orphan);
  if (!shelf) await store.shelf.load().catch(() => undefined);
  await ids; // who paints at once must not be told that there are none
  store.inbox.start();
  const disposers = [...held, ...adopted.locks, followStates(store), followPage(store)];
  const close = store.close.bind(store);
  store.close = () => {
    close();
    for (const dispose of disposers) dispose();
  };
  return store;
}

function followStates(store: AnnotationPlane): Dispose {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = () => {
    for (const draft of store.drafts.values()) draft.refresh().catch(() => undefined);
  };
  const dispose = store.onDecisions(() => {
    clearTimeout(timer);
    timer = setTimeout(read, STATES_AFTER_MS);
  });
  return () => {
    clearTimeout(timer);
    dispose();
  };
}

/** A stroke is ended, never thrown away, when the page goes; saving goes on when it is back. */
function followPage(store: AnnotationPlane): Dispose {
  if (typeof window === "undefined") return () => undefined;
  const stop = new AbortController();
  const { signal } = stop;
  window.addEventListener("online", () => store.retrySaving(), { signal });
  window.addEventListener("pagehide", () => store.keepSafe(true), { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "hidden") store.keepSafe(false);
      else if (store.saveState.value.state !== "saved") store.recorder.queue.kick();
    },
    { signal },
  );
  return () => stop.abort();
}
