/** How far a draft is that is made in parts, planes or times, in words. */

import type { DraftUnderWay } from "../../../api/page_types";

export function underWayInWords({
  name,
  part,
  of,
  time,
  times,
  plane,
  planes,
}: DraftUnderWay): string {
  const steps = [
    time !== null && times !== null && `time ${time} of ${times}`,
    plane !== null && planes !== null && `plane ${plane} of ${planes}`,
    // Made are so many; the next one is being made.
    part !== null && of !== null && `part ${Math.min(part + 1, of)} of ${of}`,
  ];
  return `${name}: ${steps.filter(Boolean).join(", ")}.`;
}
