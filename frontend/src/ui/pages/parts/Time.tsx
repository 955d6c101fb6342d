/** A moment in the reader's zone. */

import { moment } from "../format";

export function Time({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{moment(at)}</time> : <span class="muted">–</span>;
}
