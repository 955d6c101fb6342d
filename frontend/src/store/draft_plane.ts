/** A prediction layer: read, shown, decided on. */

import type { ClassGroups, InstanceStateJson } from "../api/types";
import type { InstanceState } from "../labels/instance_rows";
import { applyClasses } from "./classes";
import { Listeners } from "./observable";
import { PlaneReader, type ReaderOptions } from "./plane_reader";
import type { Dispose, DraftStore } from "./types";

export type Decide = (draftId: string, ids: number[], state: InstanceStateJson) => void;

export class DraftPlane extends PlaneReader implements DraftStore {
  private readonly decide: Decide;
  /** Decisions of this person that the server may not know yet: they win over what it says. */
  private readonly undelivered: () => ReadonlyMap<number, InstanceState>;
  private readonly undeliveredClasses: () => ClassGroups;

  private readonly closeListeners = new Listeners<void>();

  constructor(
    options: ReaderOptions,
    decide: Decide,
    undelivered: () => ReadonlyMap<number, InstanceState>,
    undeliveredClasses: () => ClassGroups = () => ({}),
  ) {
    super(options, "proposed");
    this.decide = decide;
    this.undelivered = undelivered;
    this.undeliveredClasses = undeliveredClasses;
  }

  override async load(): Promise<void> {
    await super.load();
    this.overlay();
  }

  reject(ids: ArrayLike<number>): void {
    this.change(Array.from(ids), "rejected");
  }

  reopen(ids: ArrayLike<number>): void {
    this.change(Array.from(ids), "proposed");
  }

  private change(ids: number[], state: "rejected" | "proposed"): void {
    if (ids.length === 0) return;
    this.show(ids, state);
    this.decide(this.info.id, ids, state);
  }

  /** Change states on this screen only. */
  show(ids: readonly number[], state: InstanceState, origin: "local" | "remote" = "local"): void {
    const changed = ids.filter((id) => this.replica.table.setState(id, state));
    if (changed.length === 0) return;
    this.tellBoxes(changed, origin);
    this.tellInstances(origin, changed);
  }

  async refresh(): Promise<void> {
    this.replica.table.loadStates(await this.api.instances(this.info.id));
    this.overlay();
    this.tellDirty(this.bounds, "remote");
    this.tellInstances("remote", null);
  }

  private overlay(): void {
    for (const [id, state] of this.undelivered()) this.replica.table.setState(id, state);
    applyClasses(this.replica.table, this.undeliveredClasses());
  }

  onClose(listener: () => void): Dispose {
    return this.closeListeners.add(listener);
  }

  override close(): void {
    this.closeListeners.tell();
    super.close();
  }
}
