/** Classes that a person gives to objects of drafts: shown, kept, sent, undone in their turn. */

import type { ClassGroups, OpMeta } from "../api/types";
import { EMPTY_RECT } from "../geometry/rect";
import { applyClasses, classMeta, grouped, reversedClasses } from "./classes";
import type { DraftPlane } from "./draft_plane";
import type { OpReport } from "./edit_types";
import type { Step } from "./history";
import type { Recorder } from "./recorder";

export class DraftClasses {
  private readonly drafts: ReadonlyMap<string, DraftPlane>;
  private readonly recorder: Recorder;

  constructor(drafts: ReadonlyMap<string, DraftPlane>, recorder: Recorder) {
    this.drafts = drafts;
    this.recorder = recorder;
  }

  /** An accepted instance has the class that the draft gave it: the server says so by itself. */
  ofAccepted({ accepts = [] }: OpMeta): ClassGroups {
    const named = accepts.map(({ layer, instance_id, new_id }) => {
      const name = this.drafts.get(layer)?.instances.classOf(instance_id) ?? "";
      return [new_id, name] as const;
    });
    return grouped(named.filter(([, name]) => name !== ""));
  }

  async set(draft: DraftPlane, ids: readonly number[], name: string, group: string): Promise<void> {
    const meta = classMeta(draft.replica.table, ids, name);
    if (!meta?.classes) return;
    const { id } = draft.info;
    this.recorder.remember("undo", { ...meta, group, of_draft: id }, "class", true);
    await this.give(id, meta.classes, false);
  }

  async reverse(from: "undo" | "redo", { meta, kind }: Step, id: string): Promise<OpReport> {
    const table = this.drafts.get(id)?.replica.table;
    // Of a draft that is closed nobody here knows what others made of it.
    const before = from === "undo" ? meta.classes_before : meta.classes;
    const back = table ? reversedClasses(table, meta, from) : before;
    this.recorder.remember(from === "undo" ? "redo" : "undo", meta, kind, false);
    await this.give(id, back ?? {}, true);
    return { n: 0, kind: from, nPixels: 0, rect: EMPTY_RECT };
  }

  private give(id: string, classes: ClassGroups, restores: boolean): Promise<void> {
    const draft = this.drafts.get(id);
    draft?.showClasses(applyClasses(draft.replica.table, classes), "local");
    return this.recorder.classify(id, classes, restores);
  }
}
