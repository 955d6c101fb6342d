/** Numbers and times as a person reads them. */
import * as texts from "../../texts/pages";
/** A share or score from 0 to 1 with two digits; a dash where there is none. */
export function score(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : value.toFixed(2);
}

/** A difference of scores with its sign; zero is written as such, not as +0.00. */
export function signed(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  if (rounded === 0) return "±0.00";
  return rounded > 0 ? `+${rounded.toFixed(2)}` : `−${Math.abs(rounded).toFixed(2)}`;
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 1 : 0)} %`;
}

/** Three meaningful digits, without an exponent where a person would not write one. */
export function digits(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 0.001 && size < 100_000
    ? Number(value.toPrecision(3)).toString()
    : value.toExponential(1);
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let amount = value;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

/** A span of time in its two largest units: "45 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return texts.common.times.minutesSeconds(Math.floor(whole / 60), whole % 60);
  const minutes = Math.round(whole / 60);
  return texts.common.times.hoursMinutes(Math.floor(minutes / 60), minutes % 60);
}

/** A time of work, as one would say it: "40 s", "12 min", "3 h 5 min". */
export function worked(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? texts.common.times.minutes(minutes)
    : texts.common.times.hoursMinutes(Math.floor(minutes / 60), minutes % 60);
}

/** A moment in the reader's own zone and manner. */
export function moment(iso: string, style: "full" | "date" = "full"): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const options: Intl.DateTimeFormatOptions =
    style === "date" ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(undefined, options).format(at);
}

const ENGINES: Readonly<Record<string, string>> = texts.common.engines;
/** An engine's name as its authors write it; one from outside keeps its own. */
export function engineTitle(name: string): string {
  return ENGINES[name] ?? name;
}
