/** The drafts beside an annotation plane: opened once each, accepted, and edited by what is painted. */

import type { OpMeta } from "../api/types";
import type { InstanceTable } from "../labels/instances";
import * as texts from "../texts";
import type { DraftPlane } from "./draft_plane";
import { EditRefused } from "./edit_refused";
import type { Preserve } from "./edit_types";
import type { ManyDesk } from "./many_desk";
import type { DraftStore } from "./types";

export interface PlaneDraftsParts {
  /** Those that are open, by layer. */
  readonly drafts: Map<string, DraftPlane>;
  /** Of the annotation plane. */
  readonly table: InstanceTable;
  readonly many: ManyDesk;
  readonly openDraft: (layerId: string) => Promise<DraftPlane>;
}

export class PlaneDrafts {
  private readonly parts: PlaneDraftsParts;
  // Two planes of one draft would not know of each other's decisions.
  private readonly opening = new Map<string, Promise<DraftPlane>>();
  // The draft instance that an instance was accepted from on this page.
  private readonly origins = new Map<number, { layer: string; instance_id: number }>();

  constructor(parts: PlaneDraftsParts) {
    this.parts = parts;
  }

  async open(layerId: string): Promise<DraftStore> {
    const open = this.parts.drafts.get(layerId) ?? this.opening.get(layerId);
    if (open) return open;
    const opening = this.load(layerId).finally(() => this.opening.delete(layerId));
    this.opening.set(layerId, opening);
    return opening;
  }

  private async load(layerId: string): Promise<DraftPlane> {
    const { drafts, openDraft } = this.parts;
    const draft = await openDraft(layerId);
    drafts.set(layerId, draft);
    draft.onClose(() => {
      // It may be open anew by now.
      if (drafts.get(layerId) === draft) drafts.delete(layerId);
    });
    return draft;
  }

  /** @throws EditRefused when it is closed */
  planeOf(draft: DraftStore): DraftPlane {
    const plane = this.parts.drafts.get(draft.info.id);
    if (!plane) throw new EditRefused("draft_closed", texts.editing.draftIsClosed);
    return plane;
  }

  /** Returns the id of the new object. @throws EditRefused */
  async acceptOne(draft: DraftStore, id: number, preserve: Preserve, isEdit: boolean) {
    const done = await this.parts.many.accept(this.planeOf(draft), [id], preserve, isEdit);
    const newId = done.get(id);
    if (newId !== undefined) return newId;
    throw new EditRefused("covered", texts.editing.nothingToAccept);
  }

  /** Returns how many of them there are now. @throws EditRefused */
  async acceptMany(draft: DraftStore, ids: ArrayLike<number>, preserve: Preserve) {
    const plane = this.planeOf(draft);
    return (await this.parts.many.accept(plane, Array.from(ids), preserve, false)).size;
  }

  /** Objects were accepted: what they were is known from now on. */
  accepted({ accepts = [], edits_draft }: OpMeta): void {
    for (const one of accepts) {
      this.origins.set(one.new_id, one);
      if (edits_draft) this.parts.table.setState(one.new_id, "edited");
    }
  }

  /** Who changes an accepted prediction has edited it. */
  markEdited(labels: readonly number[]): void {
    for (const label of labels) {
      const origin = this.origins.get(label);
      if (!origin) continue;
      this.parts.table.setState(label, "edited");
      this.parts.drafts.get(origin.layer)?.show([origin.instance_id], "edited");
    }
  }
}
