/** A few tiles load at a time: those first that somebody waits for. */
import type { TileJob } from "./tile_source";

interface Waiting {
  readonly job: TileJob;
  readonly start: () => void;
}

export class TileQueue {
  readonly #limit: number;
  readonly #rank: (job: TileJob) => number;
  readonly #waiting: Waiting[] = [];
  #nActive = 0;

  /** @param rank asked anew whenever a tile may start; the lowest is next */
  constructor(limit: number, rank: (job: TileJob) => number) {
    this.#limit = limit;
    this.#rank = rank;
  }

  async run<T>(job: TileJob, load: () => Promise<T>): Promise<T> {
    await this.#turn(job);
    try {
      return await load();
    } finally {
      this.#nActive--;
      this.#next();
    }
  }

  #turn(job: TileJob): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ job, start });
      this.#next();
    });
  }

  #next(): void {
    if (this.#nActive >= this.#limit || this.#waiting.length === 0) return;
    let best = 0;
    for (let at = 1; at < this.#waiting.length; at++) {
      if (this.#comesBefore(at, best)) best = at;
    }
    const [next] = this.#waiting.splice(best, 1);
    this.#nActive++;
    next?.start();
  }

  /** By rank; of equal ones the coarser level, which is soon there and covers much. */
  #comesBefore(one: number, other: number): boolean {
    const [a, b] = [this.#waiting[one], this.#waiting[other]].map((waiting) => waiting?.job);
    if (!a || !b) return false;
    const difference = this.#rank(a) - this.#rank(b);
    return difference !== 0 ? difference < 0 : a.level > b.level;
  }
}
