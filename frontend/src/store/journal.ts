/**
 * What is not yet on the server, kept on this computer: journal first, network second.
 *
 * A row is written before anything is sent and deleted once the server has given the op its place.
 */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { InstanceStateJson, OpMeta } from "../api/types";

interface RowBase {
  /** Together with `n`: which op of which tab; makes a second sending harmless. */
  readonly session: string;
  readonly n: number;
  readonly layer: string;
  readonly user: string;
  readonly savedAt: number;
}

export interface OpRow extends RowBase {
  readonly type: "op";
  readonly t: number;
  readonly z: number;
  readonly kind: string;
  readonly meta: OpMeta;
  /** gzip of the wire form */
  readonly body: Uint8Array;
}

/** A decision on a draft; `layer` is the draft, `place` the annotation layer it was made beside. */
export interface DecisionRow extends RowBase {
  readonly type: "decision";
  readonly beside: string;
  readonly ids: readonly number[];
  readonly state: InstanceStateJson;
}

export type Row = OpRow | DecisionRow;

/** The undo or redo step of a person on a layer; survives reloading. */
export interface StepRow {
  readonly place: string;
  readonly position: number;
  readonly stack: "undo" | "redo";
  readonly session: string;
  readonly n: number;
  readonly kind: string;
  readonly meta: OpMeta;
  readonly body: Uint8Array;
}

export interface Journal {
  /** False when rows do not survive the page. */
  readonly isDurable: boolean;
  /** Write a row and forget the session's half-drawn stroke, in one transaction. */
  put(row: Row): Promise<void>;
  delete(rows: readonly Row[]): Promise<void>;
  /** The server will never take this row: keep it apart, so that nothing is thrown away. */
  setAside(row: Row, why: string): Promise<void>;
  /** Keep a stroke that is still being drawn; one per session. */
  putDraft(row: OpRow): Promise<void>;
  deleteDraft(session: string): Promise<void>;
  /** Rows of a person on a layer plane (and decisions made beside it), and half-drawn strokes. */
  rows(user: string, layer: string): Promise<{ rows: Row[]; drafts: OpRow[] }>;
  putStep(step: StepRow): Promise<void>;
  deleteSteps(place: string, positions: readonly number[]): Promise<void>;
  steps(place: string): Promise<StepRow[]>;
  close(): void;
}

interface Schema extends DBSchema {
  rows: { key: [string, number]; value: Row };
  drafts: { key: string; value: OpRow };
  aside: { key: [string, number]; value: { row: Row; why: string; session: string; n: number } };
  steps: { key: [string, number]; value: StepRow };
}

const VERSION = 1;
// Relaxed: survives a killed browser; "strict" also waits for the disk, for a power cut.
const DURABILITY = { durability: "relaxed" } as const;

export class IndexedJournal implements Journal {
  readonly isDurable = true;
  private readonly db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>) {
    this.db = db;
  }

  /** @throws when the browser gives no storage (private mode, quota) */
  static async open(name = "cytoloop"): Promise<IndexedJournal> {
    const db = await openDB<Schema>(name, VERSION, {
      upgrade(fresh) {
        fresh.createObjectStore("rows", { keyPath: ["session", "n"] });
        fresh.createObjectStore("drafts", { keyPath: "session" });
        fresh.createObjectStore("aside", { keyPath: ["session", "n"] });
        fresh.createObjectStore("steps", { keyPath: ["place", "position"] });
      },
      // Another tab with a newer page wants to upgrade: do not stand in its way.
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase | null)?.close();
      },
    });
    return new IndexedJournal(db);
  }

  async put(row: Row): Promise<void> {
    const tx = this.db.transaction(["rows", "drafts"], "readwrite", DURABILITY);
    await Promise.all([
      tx.objectStore("rows").put(row),
      row.type === "op" ? tx.objectStore("drafts").delete(row.session) : undefined,
      tx.done,
    ]);
  }

  async delete(rows: readonly Row[]): Promise<void> {
    const tx = this.db.transaction("rows", "readwrite", DURABILITY);
    await Promise.all([...rows.map((row) => tx.store.delete([row.session, row.n])), tx.done]);
  }

  async setAside(row: Row, why: string): Promise<void> {
    const tx = this.db.transaction(["rows", "aside"], "readwrite", DURABILITY);
    await Promise.all([
      tx.objectStore("aside").put({ row, why, session: row.session, n: row.n }),
      tx.objectStore("rows").delete([row.session, row.n]),
      tx.done,
    ]);
  }

  async putDraft(row: OpRow): Promise<void> {
    await this.db.put("drafts", row);
  }

  async deleteDraft(session: string): Promise<void> {
    await this.db.delete("drafts", session);
  }

  async rows(user: string, layer: string): Promise<{ rows: Row[]; drafts: OpRow[] }> {
    const [rows, drafts] = await Promise.all([this.db.getAll("rows"), this.db.getAll("drafts")]);
    const mine = (row: Row) =>
      row.user === user && (row.type === "op" ? row.layer : row.beside) === layer;
    return { rows: rows.filter(mine), drafts: drafts.filter(mine) };
  }

  async putStep(step: StepRow): Promise<void> {
    await this.db.put("steps", step);
  }

  async deleteSteps(place: string, positions: readonly number[]): Promise<void> {
    const tx = this.db.transaction("steps", "readwrite", DURABILITY);
    await Promise.all([...positions.map((p) => tx.store.delete([place, p])), tx.done]);
  }

  async steps(place: string): Promise<StepRow[]> {
    return this.db.getAll("steps", IDBKeyRange.bound([place, 0], [place, Infinity]));
  }

  close(): void {
    this.db.close();
  }
}

/** For browsers without storage: everything works, nothing survives the page. */
export class MemoryJournal implements Journal {
  readonly isDurable = false;
  private readonly kept = new Map<string, StepRow>();

  async put(): Promise<void> {}
  async delete(): Promise<void> {}
  async setAside(): Promise<void> {}
  async putDraft(): Promise<void> {}
  async deleteDraft(): Promise<void> {}

  async rows(): Promise<{ rows: Row[]; drafts: OpRow[] }> {
    return { rows: [], drafts: [] };
  }

  async putStep(step: StepRow): Promise<void> {
    this.kept.set(`${step.place} ${step.position}`, step);
  }

  async deleteSteps(place: string, positions: readonly number[]): Promise<void> {
    for (const position of positions) this.kept.delete(`${place} ${position}`);
  }

  async steps(place: string): Promise<StepRow[]> {
    const mine = [...this.kept.values()].filter((step) => step.place === place);
    return mine.sort((a, b) => a.position - b.position);
  }

  close(): void {}
}

export async function openJournal(): Promise<Journal> {
  try {
    return await IndexedJournal.open();
  } catch {
    return new MemoryJournal();
  }
}
