/** Sentences that are shown for a while, or until they are closed. */
import type { Signal } from "@preact/signals";
import { withKeys } from "./key_bindings";

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "info" | "problem" | "news";
  readonly actions: readonly NoticeAction[];
  /** Until it is read and closed. */
  readonly stays: boolean;
}

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
  /** The notice is not done with by this. */
  readonly stays?: boolean;
}

interface Notices {
  readonly notices: Signal<readonly Notice[]>;
}

/** How long a notice is shown. */
const NOTICE_MS = 5_000;
const PROBLEM_MS = 12_000;
const MOST_NOTICES = 3;

let lastNotice = 0;

/** Show a sentence and return its id; the same sentence again only renews its time. */
export function notify(
  model: Notices & { readonly spoken: Signal<string> },
  sentence: string,
  options: Partial<Pick<Notice, "tone" | "actions" | "stays">> = {},
): number {
  const { tone = "info", actions = [], stays = tone === "news" } = options;
  const text = withKeys(sentence);
  const id = ++lastNotice;
  // A passing remark gives way to the next; problems and news stay beside it.
  const others = model.notices.value.filter((one) => one.text !== text && one.tone !== "info");
  const passing = others.filter((one) => !one.stays).slice(1 - MOST_NOTICES);
  const kept = others.filter((one) => one.stays || passing.includes(one));
  model.notices.value = [...kept, { id, text, tone, actions, stays }];
  model.spoken.value = text;
  if (!stays) setTimeout(() => dismiss(model, id), tone === "problem" ? PROBLEM_MS : NOTICE_MS);
  return id;
}

export function dismiss(model: Notices, id: number): void {
  model.notices.value = model.notices.value.filter((one) => one.id !== id);
}
