/** How the saving of several planes stands, as one state. */

import type { SaveState, SaveStatus } from "./saving_types";

/** The worst that any plane says is what a person must know. */
const WORST_FIRST: readonly SaveStatus[] = [
  "refused",
  "login-needed",
  "storage-blocked",
  "server-trouble",
  "offline",
  "saving",
  "saved",
];

export function combined(states: readonly SaveState[]): SaveState {
  const worst = [...states].sort(
    (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state),
  )[0];
  return {
    state: worst?.state ?? "saved",
    queued: states.reduce((sum, one) => sum + one.queued, 0),
    online: states.every((one) => one.online),
    lastError: worst?.lastError ?? null,
    isJournalled: states.every((one) => one.isJournalled),
  };
}
