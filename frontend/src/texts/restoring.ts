/** What restoring does, in words and numbers. */
import type { RestorePlan, ToRestore } from "../store/restore";
import { plural } from "./numbers";

/** What a plan says of what it will do. */
export type RestoreEffect = Pick<RestorePlan, "nPixels" | "taken" | "back">;

/** "Object 7 is as it was: 1,204 px changed. Undo takes it back." */
export function restoredText(what: ToRestore, plan: RestoreEffect, isStack: boolean): string {
  const name = "id" in what ? `Object ${what.id} is` : "This part is";
  return `${name} as it was${isStack ? " in this plane" : ""}: ${planText(plan, true)}. Undo takes it back.`;
}

/** "1,204 px change, 2 objects come back, objects 7 and 9 lose 310 px"; or that they did. */
export function planText(plan: RestoreEffect, isDone = false): string {
  const say = (does: string, did: string) => (isDone ? did : does);
  const n = plan.back.length;
  const parts =
    plan.nPixels > 0
      ? [`${plural(plan.nPixels, "px", "px")} ${say("change", "changed")}`]
      : [`its class ${say("changes", "changed")}`];
  if (n > 0) parts.push(`${plural(n, "object")} ${say(n === 1 ? "comes" : "come", "came")} back`);
  if (plan.taken.length > 0) {
    const lost = plan.taken.reduce((sum, one) => sum + one.nPixels, 0);
    const ids = plan.taken.map((one) => one.id);
    const isMany = ids.length > 1;
    const named = `object${isMany ? "s" : ""} ${ids.join(" and ")}`;
    const who = ids.length > 3 ? plural(ids.length, "object") : named;
    const verb = say(isMany ? "lose" : "loses", "lost");
    parts.push(`${who} ${verb} ${plural(lost, "px", "px")}`);
  }
  return parts.join(", ");
}
