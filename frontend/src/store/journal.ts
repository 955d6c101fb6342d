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
  /** Of a part of an op that was cut: the `n` in whose place it comes. */
  readonly inPlaceOf?: number;
}

/**
 * A decision on a draft: a state, or a class. `layer` is the draft, `beside` the annotation layer
 * that it was made beside.
 */
export interface DecisionRow extends RowBase {
  readonly type: "decision";
  readonly beside: string;
  readonly ids: readonly number[];
  /** Null when a class is given. */
  readonly state: InstanceStateJson | null;
  readonly className?: string;
  /** The class is what it was before. */
  readonly restores?: boolean;
}

export type Row = OpRow | DecisionRow;

/** A row that the server will never take, and its reason. */
export interface AsideRow {
  readonly row: Row;
  readonly why: string;
  readonly session: string;
  readonly n: number;
}

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
  /** Put rows in the place of one, in one transaction. */
  replace(row: Row, parts: readonly Row[]): Promise<void>;
  /** The server will never take this row: keep it apart, so that nothing is thrown away. */
  setAside(row: Row, why: string): Promise<void>;
  asides(user: string, layer: string): Promise<AsideRow[]>;
  /** Put a row back among those to be sent; false when it is not there any more. */
  takeBack(row: Row): Promise<boolean>;
  discardAside(row: Row): Promise<void>;
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
  aside: { key: [string, number]; value: AsideRow };
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

  async replace(row: Row, parts: readonly Row[]): Promise<void> {
    const tx = this.db.transaction("rows", "readwrite", DURABILITY);
    await Promise.all([
      ...parts.map((part) => tx.store.put(part)),
      tx.store.delete([row.session, row.n]),
      tx.done,
    ]);
  }

  async setAside(row: Row, why: string): Promise<void> {
    const tx = this.db.transaction(["rows", "aside"], "readwrite", DURABILITY);
    await Promise.all([
      tx.objectStore("aside").put({ row, why, session: row.session, n: row.n }),
      tx.objectStore("rows").delete([row.session, row.n]),
      tx.done,
    ]);
  }

  async asides(user: string, layer: string): Promise<AsideRow[]> {
    const all = await this.db.getAll("aside");
    return all.filter(({ row }) => isOf(row, user, layer));
  }

  async takeBack(row: Row): Promise<boolean> {
    const tx = this.db.transaction(["rows", "aside"], "readwrite", DURABILITY);
    const key: [string, number] = [row.session, row.n];
    const isHere = (await tx.objectStore("aside").getKey(key)) !== undefined;
    await Promise.all([
      isHere ? tx.objectStore("rows").put(row) : undefined,
      tx.objectStore("aside").delete(key),
      tx.done,
    ]);
    return isHere;
  }

  async discardAside(row: Row): Promise<void> {
    await this.db.delete("aside", [row.session, row.n]);
  }

  async putDraft(row: OpRow): Promise<void> {
    await this.db.put("drafts", row);
  }

  async deleteDraft(session: string): Promise<void> {
    await this.db.delete("drafts", session);
  }

  async rows(user: string, layer: string): Promise<{ rows: Row[]; drafts: OpRow[] }> {
    const [rows, drafts] = await Promise.all([this.db.getAll("rows"), this.db.getAll("drafts")]);
    const mine = (row: Row) => isOf(row, user, layer);
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

/** Whether a row was made by a person on a layer, or beside it. */
function isOf(row: Row, user: string, layer: string): boolean {
  return row.user === user && (row.type === "op" ? row.layer : row.beside) === layer;
}

/** For browsers without storage: everything works, nothing survives the page. */
export class MemoryJournal implements Journal {
  readonly isDurable = false;
  private readonly kept = new Map<string, StepRow>();

  async put(): Promise<void> {}
  async delete(): Promise<void> {}
  async replace(): Promise<void> {}
  async setAside(): Promise<void> {}
  async discardAside(): Promise<void> {}

  async asides(): Promise<AsideRow[]> {
    return [];
  }

  async takeBack(): Promise<boolean> {
    return true;
  }

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
