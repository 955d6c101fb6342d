/** How far a draft is that is made in parts, planes or times, in words. */

import type { DraftUnderWay } from "../../../api/page_types";
import * as texts from "../../../texts/pages";

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
    time !== null && times !== null && texts.common.underWay.time(time, times),
    plane !== null && planes !== null && texts.common.underWay.plane(plane, planes),
    // Made are so many; the next one is being made.
    part !== null && of !== null && texts.common.underWay.part(Math.min(part + 1, of), of),
  ];
  return `${name}: ${steps.filter(Boolean).join(", ")}.`;
}
