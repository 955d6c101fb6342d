/** Finds what pages that are gone left in the journal, and takes it over. */

import { decodeEdit } from "../labels/codec";
import { gunzip } from "../labels/gzip";
import type { Edit } from "../labels/runs";
import type { PlaneRef } from "../labels/spans";
import * as texts from "../texts";
import type { Journal, OpRow, Row } from "./journal";
import type { SessionLocks } from "./sessions";
import type { Dispose } from "./types";

export interface Orphan {
  readonly row: Row;
  /** Of an op. */
  readonly edit: Edit | null;
}

export interface Adopted {
  /** In the order in which they were made. */
  readonly orphans: Orphan[];
  /** Locks of the dead sessions, kept while this page lives. */
  readonly locks: Dispose[];
}

export async function adoptOrphans(
  journal: Journal,
  locks: SessionLocks,
  own: { session: string; user: string; layer: string; t: number; z: number },
): Promise<Adopted> {
  const { rows, drafts } = await journal.rows(own.user, own.layer);
  const all: Row[] = [...rows, ...drafts];
  const elsewhere = new Set(all.filter((row) => !isOnPlane(row, own)).map((row) => row.session));
  const held = new Map<string, Dispose>();
  for (const session of new Set(all.map((row) => row.session))) {
    // A session stays on its plane: whoever opens that one takes over all of it.
    if (session === own.session || elsewhere.has(session)) continue;
    const dispose = await locks.takeOver(session);
    if (dispose) held.set(session, dispose);
  }
  // A half-drawn stroke becomes an op under the n it was to have.
  for (const draft of drafts) if (held.has(draft.session)) await journal.put(draft);
  const mine = all.filter((row) => held.has(row.session));
  const orphans = await Promise.all(inOrder(mine).map((row) => unpack(row, journal)));
  return { orphans: orphans.filter((one) => one !== null), locks: [...held.values()] };
}

/** Planes of a layer on which this person left something unsent. */
export async function planesWithRows(
  journal: Journal,
  user: string,
  layer: string,
): Promise<PlaneRef[]> {
  const { rows, drafts } = await journal.rows(user, layer);
  const planes = new Map<string, PlaneRef>();
  for (const row of [...rows, ...drafts]) {
    if (row.type === "op") planes.set(`${row.t} ${row.z}`, { t: row.t, z: row.z });
  }
  return [...planes.values()];
}

function isOnPlane(row: Row, plane: { t: number; z: number }): boolean {
  return row.type === "decision" || (row.t === plane.t && row.z === plane.z);
}

const placeIn = (row: Row) => (row.type === "op" ? (row.inPlaceOf ?? row.n) : row.n);

/** Session by session, the one that began first first; within one in the order they were made. */
function inOrder(rows: Row[]): Row[] {
  const began = new Map<string, number>();
  for (const row of rows) {
    began.set(row.session, Math.min(began.get(row.session) ?? Infinity, row.savedAt));
  }
  const start = (row: Row) => began.get(row.session) as number;
  return rows.sort(
    (a, b) =>
      start(a) - start(b) ||
      a.session.localeCompare(b.session) ||
      placeIn(a) - placeIn(b) ||
      a.n - b.n,
  );
}

/** A row that cannot be read is set aside, where its person finds it. */
async function unpack(row: Row, journal: Journal): Promise<Orphan | null> {
  if (row.type === "decision") return { row, edit: null };
  try {
    return { row, edit: decodeEdit(await gunzip((row as OpRow).body)) };
  } catch {
    await journal.setAside(row, texts.saving.aside.damaged);
    return null;
  }
}
