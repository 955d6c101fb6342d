/** Moments as people say them: how long ago, and when exactly. */
import * as texts from "../../texts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "just now", "12 min ago", "3 h ago", "2 days ago"; after a month the date. */
export function agoText(at: Date, now: number = Date.now()): string {
  // Clocks differ a little: what is to come is now.
  const seconds = Math.max(0, (now - at.getTime()) / 1000);
  if (seconds < MINUTE) return texts.history.justNow;
  if (seconds < HOUR) return texts.history.minutesAgo(Math.floor(seconds / MINUTE));
  if (seconds < DAY) return texts.history.hoursAgo(Math.floor(seconds / HOUR));
  const days = Math.floor(seconds / DAY);
  if (days <= 30) return texts.history.daysAgo(days);
  return at.toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/** In the reader's own zone: "30 Nov 2026, 12:31:05". */
export function whenText(at: Date): string {
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const time = at.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return `${day}, ${time}`;
}
