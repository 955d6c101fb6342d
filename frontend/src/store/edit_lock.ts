/** Keeps edits off the layer for a while, for instance as long as its past is looked at. */

import { EditRefused } from "./edit_refused";

export class EditLock {
  /** Why nothing may be edited now; null when it may. */
  sentence: string | null = null;

  /** @throws EditRefused while it is closed */
  check(): void {
    if (this.sentence !== null) throw new EditRefused("read_only", this.sentence);
  }
}
