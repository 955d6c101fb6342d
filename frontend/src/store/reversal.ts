/** Undo and redo on a plane: steps are reversed one by one, each as a new op. */

import type { ClassGroups, OpMeta } from "../api/types";
import type { Rect } from "../geometry/rect";
import { chunkRect } from "../labels/chunks";
import { applyEdit, type Edit, invertEdit } from "../labels/runs";
import { longEdits } from "../texts/long_edits";
import { reversedClasses } from "./classes";
import type { DraftClasses } from "./draft_classes";
import type { DraftPlane } from "./draft_plane";
import { added } from "./edit_desk";
import { EditRefused } from "./edit_refused";
import type { OpReport } from "./edit_types";
import type { Stack, Step } from "./history";
import type { LongEdits } from "./long_edit";
import type { Recorder } from "./recorder";
import type { OwnOp, Replica } from "./replica";

export interface ReversalContext {
  readonly recorder: Recorder;
  readonly replica: Replica;
  readonly drafts: ReadonlyMap<string, DraftPlane>;
  readonly draftClasses: DraftClasses;
  readonly long: LongEdits;
  ensure(box: Rect): Promise<void>;
  /** Take in an op whose pixels are written. */
  add(op: OwnOp): void;
}

export class Reversal {
  private readonly context: ReversalContext;

  constructor(context: ReversalContext) {
    this.context = context;
  }

  /**
   * Do the inverse of the newest steps, or of a group's, each pixel only where it still has our
   * value.
   *
   * @throws EditRefused also when only a part was done; the next one goes on
   */
  async reverse(from: Stack, group?: string): Promise<OpReport | null> {
    const { recorder, long, ensure } = this.context;
    const { history } = recorder;
    const newest = group === undefined ? history.peek(from) : history.ofGroup(from, group);
    const made: OpReport[] = [];
    const why = await long.run({
      ...{ kind: from, nParts: newest.length, parts: history.oneByOne(from, group) },
      chunksOf: (step) => step.op.effective.size,
      make: async (step) => {
        const keys = [...step.op.effective.keys()];
        await Promise.all(keys.map((key) => ensure(chunkRect(key))));
        // None, should the server have refused it meanwhile.
        for (const one of history.take(from, [step])) {
          const report = await this.reverseOne(from, one);
          if (report) made.push(report);
        }
      },
    });
    if (why !== null) throw new EditRefused("in_part", longEdits.reversedInPart(why, from));
    return made.length > 0 ? made.reduce(added) : null;
  }

  private async reverseOne(from: Stack, step: Step): Promise<OpReport | null> {
    const { replica, draftClasses } = this.context;
    const { of_draft } = step.meta;
    if (of_draft) return draftClasses.reverse(from, step, of_draft);
    const edit = applyEdit(replica.chunks, invertEdit(step.op.effective));
    const classes = reversedClasses(replica.table, step.meta, from);
    return edit.size > 0 || classes ? this.record(from, step, edit, classes) : null;
  }

  private record(
    from: Stack,
    step: Step,
    edit: Edit,
    classes: ClassGroups | null,
  ): Promise<OpReport> {
    const { recorder, drafts } = this.context;
    const op = recorder.makeOp(from, edit, undefined, classes ?? undefined);
    this.context.add(op);
    // Session and count are known before the server gives the op its place in the order.
    const of = { session: step.op.session, n: step.op.n };
    const { group, accepts, edits_draft } = step.meta;
    const meta: OpMeta = from === "undo" ? { undo_of: of } : { redo_of: of };
    if (group) meta.group = group;
    if (classes) meta.classes = classes;
    if (accepts) {
      const state = from === "undo" ? "proposed" : edits_draft ? "edited" : "accepted";
      for (const one of accepts) drafts.get(one.layer)?.show([one.instance_id], state);
      // The server reopens the draft's instances by itself when an accept is undone.
      if (from === "redo") Object.assign(meta, { accepts, ...(edits_draft && { edits_draft }) });
    }
    return recorder.recordReversal(op, meta, from === "undo" ? "redo" : "undo", step);
  }
}
