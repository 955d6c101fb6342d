/** How much a score rose or fell; colour helps, the sign says it. */

import { signed } from "../format";

export function Delta({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return <span class="muted">–</span>;
  }
  const tone = Math.abs(value) < 0.005 ? "" : value > 0 ? "up" : "down";
  return <span class={`delta ${tone}`}>{signed(value)}</span>;
}
