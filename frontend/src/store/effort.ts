/** How long a person really works: pure counting of seconds, and their way to the server. */

/** A longer pause without a pressed button is no work (as RootPainter counts). */
export const LONGEST_PAUSE_S = 20;
export const REPORT_EVERY_S = 30;

/** Adds up the time between signs of life. Times are in seconds of any clock that only goes on. */
export class EffortCounter {
  private last: number | null = null;
  private isPressed = false;
  private counted = 0;

  /** Pointer, keyboard or wheel. @param isPressed whether a button is down from now on */
  sign(now: number, isPressed: boolean): void {
    this.count(now);
    this.last = now;
    this.isPressed = isPressed;
  }

  /** The tab is hidden or left: what follows begins anew. */
  rest(now: number): void {
    this.count(now);
    this.last = null;
    this.isPressed = false;
  }

  get seconds(): number {
    return this.counted;
  }

  private count(now: number): void {
    if (this.last === null) return;
    const pause = now - this.last;
    if (pause <= LONGEST_PAUSE_S || this.isPressed) this.counted += Math.max(0, pause);
  }
}

export interface EffortReport {
  readonly n: number;
  readonly active_s: number;
}

/** @returns the seconds that the server took over for this n, now or when it first saw it */
export type SendEffort = (report: EffortReport, isLeaving: boolean) => Promise<number>;

/**
 * Brings counted seconds to the server, each once.
 *
 * What fails is sent again under the same n, with what was counted meanwhile: the answer says how
 * much of it was taken, so a lost answer neither loses nor doubles a second.
 */
export class EffortReporter {
  private readonly send: SendEffort;
  private readonly counter: EffortCounter;
  private n = 1;
  private taken = 0;
  /** Seconds on their way in a request without an answer yet. */
  private underway: number | null = null;

  constructor(counter: EffortCounter, send: SendEffort) {
    this.counter = counter;
    this.send = send;
  }

  /** Send what is counted and not yet taken, if anything; never throws. */
  async report(): Promise<void> {
    const owed = this.owed;
    if (this.underway !== null || owed < 0.1) return;
    this.underway = owed;
    try {
      const accepted = await this.send({ n: this.n, active_s: owed }, false);
      this.taken += accepted;
      this.n++;
    } catch {
      // Painting goes on; the next report carries it.
    } finally {
      this.underway = null;
    }
  }

  /** The page goes away: whatever is underway is left alone, the rest goes under the next n. */
  leave(): void {
    const owed = this.owed - (this.underway ?? 0);
    if (owed < 0.1) return;
    const n = this.underway === null ? this.n : this.n + 1;
    this.taken += owed;
    this.n = n + 1;
    this.send({ n, active_s: owed }, true).catch(() => undefined);
  }

  private get owed(): number {
    return Math.round((this.counter.seconds - this.taken) * 100) / 100;
  }
}
