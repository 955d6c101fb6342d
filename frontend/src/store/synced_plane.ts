/** The side of the annotation layer that faces the server: journal, saving, other people's ops. */

import type { ApiError } from "../api/client";
import type { OpJson, OpMeta, OpResultJson } from "../api/types";
import type { Rect } from "../geometry/rect";
import { type ChunkKey, chunkRect } from "../labels/chunks";
import { labelsIn } from "../labels/codec";
import { boxOfEdit, type Edit, pixelsIn } from "../labels/runs";
import type { Orphan } from "./adopt";
import { AsideShelf } from "./aside";
import { applyClasses, renamed } from "./classes";
import type { DraftPlane } from "./draft_plane";
import type { HistoryState } from "./edit_types";
import type { Journal, OpRow, Row } from "./journal";
import { Listeners } from "./observable";
import { OpInbox } from "./op_inbox";
import { PlaneReader, type ReaderOptions } from "./plane_reader";
import { Recorder } from "./recorder";
import { type ConfirmedOp, ownOp } from "./replica";
import { Room } from "./room";
import type { AsideOp, RefusedReport, SaveState } from "./saving_types";
import type { Dispose, Observable } from "./types";

export interface SyncedOptions extends ReaderOptions {
  readonly user: string;
  readonly session: string;
  readonly journal: Journal;
  /** Shared by the planes of a layer; without it the plane keeps its own. */
  readonly shelf?: AsideShelf;
  /** Chunks that long edits may change before they wait for the server. */
  readonly mostUnsaved?: number;
}

export interface RemoteNews {
  readonly user: string | null;
  readonly kind: string;
  readonly rect: Rect;
}

export abstract class SyncedPlane extends PlaneReader {
  readonly recorder: Recorder;
  readonly inbox: OpInbox;
  readonly shelf: AsideShelf;
  readonly drafts = new Map<string, DraftPlane>();
  protected readonly room: Room;
  private readonly session: string;
  private readonly refusedListeners = new Listeners<RefusedReport>();
  private readonly remoteListeners = new Listeners<RemoteNews>();
  private readonly decisionListeners = new Listeners<void>();

  constructor(options: SyncedOptions) {
    super(options, "accepted");
    const { api, t, z, journal, session, user } = options;
    const layerId = this.info.id;
    this.session = session;
    this.room = new Room(this.replica.pending, options.mostUnsaved);
    this.shelf = options.shelf ?? new AsideShelf(journal, user, layerId);
    this.recorder = new Recorder({
      ...{ api, journal, session, layerId, user, t, z },
      onAnswer: (row, result, accepted) => this.answered(row, result, accepted),
      onRefused: ({ n, kind }, refused) => {
        const nRefused = pixelsIn(refused);
        const rect = boxOfEdit(refused);
        this.refusedListeners.tell({ n, kind, nRefused, plane: { t, z }, rect, refused });
      },
      onSetAside: (row, error) => this.setAside(row, error),
      onCut: ({ session, n }, parts) => {
        const own = this.replica.findPending(session, n);
        if (!own) return;
        this.recorder.history.cut(own, parts);
        this.replica.cut(
          own,
          parts.map((part) => part.op),
        );
      },
    });
    this.inbox = new OpInbox({
      ...{ api, layerId, t, z },
      seq: () => this.replica.seq,
      apply: (op, json) => this.confirm(op, json),
      onInstances: () => this.decisionListeners.tell(),
      ownEdit: (from, n) => this.replica.findPending(from, n)?.edit,
    });
  }

  /** Pixels must not change under an open stroke. */
  protected abstract whenNoStroke(change: () => void): void;

  get saveState(): Observable<SaveState> {
    return this.recorder.queue.state;
  }

  get history(): Observable<HistoryState> {
    return this.recorder.history.state;
  }

  /** Take over an op that a page which is gone left in the journal. */
  adopt({ row, edit }: Orphan): void {
    if (row.type === "op" && edit) {
      this.replica.addAndApply(ownOp(row.session, row.n, row.kind, edit, row.meta.classes));
      this.showClasses(applyClasses(this.replica.table, row.meta.classes), "local");
    }
    this.recorder.adopt(row);
  }

  private confirm(op: ConfirmedOp, json: OpJson | null): void {
    const box = this.replica.confirm(op);
    this.room.freed();
    const isOwn = op.session === this.session;
    this.tellDirty(box, "remote");
    this.tellInstances(isOwn ? "local" : "remote", labelsIn(op.edit));
    if (json && op.seq > this.replica.tableSeq) this.takeClasses(json.meta);
    if (json && !isOwn) this.tellRemote(json, op.edit);
    const wrong = this.replica.takeDiverged();
    if (wrong.length > 0) this.whenNoStroke(() => this.reload(wrong));
    // Whoever stays in one place loads no chunks, and would keep every op of the day.
    this.loader.trimLog().catch(() => undefined);
  }

  /** What an op of the log says of classes; ours that are still on their way come after it. */
  private takeClasses({ classes, renames }: OpMeta): void {
    if (!classes && !renames) return;
    const { table, pending } = this.replica;
    const ids: number[] = [];
    for (const [from, to] of Object.entries(renames ?? {})) {
      ids.push(...table.renameClass(from, to));
      for (const op of pending) if (op.classes) op.classes = renamed(op.classes, from, to);
    }
    ids.push(...applyClasses(table, classes));
    for (const op of pending) ids.push(...applyClasses(table, op.classes));
    this.showClasses(ids, "remote");
  }

  /** Classes were renamed, replaced or deleted, or the server took none from us: read the truth. */
  async refreshClasses(): Promise<void> {
    const { table } = this.replica;
    // Ops that came while it was on its way say more than it does.
    const columns = await this.newest(this.api.instances(this.info.id));
    const ids = columns.instance_id.filter((id, i) =>
      table.setClass(id, columns.class_name[i] ?? ""),
    );
    for (const op of this.replica.pending) ids.push(...applyClasses(table, op.classes));
    this.showClasses(ids, "remote");
  }

  private tellRemote(json: OpJson, edit: Edit): void {
    for (const one of json.meta.accepts ?? []) {
      const state = json.meta.edits_draft ? "edited" : "accepted";
      this.drafts.get(one.layer)?.show([one.instance_id], state, "remote");
    }
    if (json.t !== this.info.t || json.z !== this.info.z) return;
    const user = json.user === null ? null : String(json.user);
    this.remoteListeners.tell({ user, kind: json.kind, rect: boxOfEdit(edit) });
  }

  private reload(keys: ChunkKey[]): void {
    this.loader.reload(keys).then(
      () => {
        for (const key of keys) this.tellDirty(chunkRect(key), "remote");
      },
      () => undefined, // the loader has told; the next `ensure` tries again
    );
  }

  private answered(row: OpRow, result: OpResultJson, accepted: Edit | null): void {
    const own = this.replica.findPending(row.session, row.n);
    const edit = accepted ?? own?.edit;
    if (edit) this.inbox.answered(row.session, result, edit);
    if (own && edit && result.seq <= this.replica.seq) {
      // Known to the server before this page was opened: what was loaded contains it.
      this.whenNoStroke(() => {
        if (this.replica.pending.includes(own)) {
          this.tellDirty(this.replica.remove(own, edit, result.seq), "remote");
          this.room.freed();
        }
      });
    }
  }

  /** The server will never take this: show the truth again. */
  private setAside(row: Row, error: ApiError): void {
    void this.shelf.added(row, error.message);
    if (row.type === "decision") {
      void this.drafts.get(row.layer)?.refresh();
      return;
    }
    const own = this.replica.findPending(row.session, row.n);
    if (!own) return;
    this.recorder.history.remove(own);
    this.whenNoStroke(() => {
      this.tellDirty(this.replica.remove(own), "remote");
      this.room.freed();
    });
    for (const one of row.meta.accepts ?? []) void this.drafts.get(one.layer)?.refresh();
    // What it is without us, once the server can be reached.
    if (row.meta.classes) this.refreshClasses().catch(() => undefined);
  }

  get aside(): Observable<readonly AsideOp[]> {
    return this.shelf.state;
  }

  async retryAside(key: string): Promise<void> {
    const orphan = await this.shelf.takeBack(key);
    this.whenNoStroke(() => {
      this.adopt(orphan);
      if (!orphan.edit) return;
      this.tellDirty(boxOfEdit(orphan.edit), "local");
      this.tellInstances("local", labelsIn(orphan.edit));
    });
  }

  discardAside(key: string): Promise<void> {
    return this.shelf.discard(key);
  }

  asideFile(key: string): string {
    return this.shelf.fileOf(key);
  }

  retrySaving(): void {
    this.recorder.queue.kick();
    this.inbox.restart();
  }

  flush(): Promise<void> {
    return this.recorder.flush();
  }

  onRefused(listener: (report: RefusedReport) => void): Dispose {
    return this.refusedListeners.add(listener);
  }

  onRemote(listener: (op: RemoteNews) => void): Dispose {
    return this.remoteListeners.add(listener);
  }

  /** The server says that states changed. */
  onDecisions(listener: () => void): Dispose {
    return this.decisionListeners.add(listener);
  }

  override close(): void {
    for (const draft of [...this.drafts.values()]) draft.close();
    this.inbox.close();
    this.recorder.close();
    super.close();
  }
}
