/** Strokes that the server will never take as they are: kept, listed, and a person's to decide on. */

import { toBase64 } from "../api/layers";
import { decodeEdit } from "../labels/codec";
import { gunzip } from "../labels/gzip";
import { boxOfEdit, type Edit, pixelsIn } from "../labels/runs";
import * as texts from "../texts";
import { EditRefused } from "./edit_refused";
import type { AsideRow, Journal, Row } from "./journal";
import { Cell } from "./observable";
import type { AsideOp } from "./saving_types";

const keyOf = ({ session, n }: { session: string; n: number }) => `${session} ${n}`;

export class AsideShelf {
  readonly state = new Cell<readonly AsideOp[]>([]);
  private readonly journal: Journal;
  private readonly user: string;
  private readonly layer: string;
  private readonly rows = new Map<string, AsideRow>();

  constructor(journal: Journal, user: string, layer: string) {
    this.journal = journal;
    this.user = user;
    this.layer = layer;
  }

  /** Read what earlier pages put here. */
  async load(): Promise<void> {
    for (const one of await this.journal.asides(this.user, this.layer)) {
      this.rows.set(keyOf(one), one);
    }
    await this.show();
  }

  /** The journal has put this row aside. */
  async added(row: Row, why: string): Promise<void> {
    this.rows.set(keyOf(row), { row, why, session: row.session, n: row.n });
    await this.show();
  }

  /**
   * Bring a row back among those that are sent.
   *
   * @throws EditRefused when it cannot be read, or is not here any more
   */
  async takeBack(key: string): Promise<{ row: Row; edit: Edit | null }> {
    const { row } = this.find(key);
    const edit = await editOf(row);
    if (row.type === "op" && !edit) {
      throw new EditRefused("unreadable", texts.saving.aside.cannotBeSent);
    }
    const isHere = await this.journal.takeBack(row);
    this.rows.delete(key);
    await this.show();
    if (!isHere) throw gone();
    return { row, edit };
  }

  async discard(key: string): Promise<void> {
    const { row } = this.find(key);
    await this.journal.discardAside(row);
    this.rows.delete(key);
    await this.show();
  }

  /** Everything about it as one JSON text, the label operation in base64. */
  fileOf(key: string): string {
    const { row, why } = this.find(key);
    const body = row.type === "op" ? { body: toBase64(row.body) } : {};
    return JSON.stringify({ ...row, ...body, why }, null, 1);
  }

  private find(key: string): AsideRow {
    const found = this.rows.get(key);
    if (!found) throw gone();
    return found;
  }

  private async show(): Promise<void> {
    const rows = [...this.rows.values()].sort((a, b) => a.row.savedAt - b.row.savedAt);
    const ops = await Promise.all(rows.map(described));
    // What was shown while others were read may be gone by now.
    this.state.set(ops.filter((op) => this.rows.has(op.key)));
  }
}

async function described({ row, why }: AsideRow): Promise<AsideOp> {
  const edit = await editOf(row);
  return {
    key: keyOf(row),
    kind: row.type === "op" ? row.kind : (row.state ?? "class"),
    at: row.savedAt,
    why,
    nPixels: edit ? pixelsIn(edit) : 0,
    nObjects: row.type === "decision" ? row.ids.length : 0,
    rect: edit ? boxOfEdit(edit) : null,
    plane: row.type === "op" ? { t: row.t, z: row.z } : null,
  };
}

async function editOf(row: Row): Promise<Edit | null> {
  if (row.type === "decision") return null;
  try {
    return decodeEdit(await gunzip(row.body));
  } catch {
    return null;
  }
}

function gone(): EditRefused {
  return new EditRefused("gone", texts.saving.aside.takenElsewhere);
}
