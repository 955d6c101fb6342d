/** Moments as people say them: how long ago, and when exactly. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "just now", "12 min ago", "3 h ago", "2 days ago"; after a month the date. */
export function agoText(at: Date, now: number = Date.now()): string {
  // Clocks differ a little: what is to come is now.
  const seconds = Math.max(0, (now - at.getTime()) / 1000);
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  const days = Math.floor(seconds / DAY);
  if (days <= 30) return days === 1 ? "1 day ago" : `${days} days ago`;
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
