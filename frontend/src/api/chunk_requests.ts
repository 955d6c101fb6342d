/** Chunks that are wanted at the same moment, asked for together: an answer costs the server more
 * than the chunks in it. */

/** So few that the first are there soon, and that a change makes few others be fetched again. */
const TOGETHER = 8;

interface Wanted {
  readonly layer: string;
  readonly digest: string;
  readonly found: (bytes: ArrayBuffer) => void;
  readonly failed: (reason: unknown) => void;
}

export class ChunkRequests {
  readonly #fetch: (path: string) => Promise<ArrayBuffer>;
  #wanted: Wanted[] = [];

  constructor(fetch: (path: string) => Promise<ArrayBuffer>) {
    this.#fetch = fetch;
  }

  /** The bytes of a chunk; those first that were asked for first. */
  get(layer: string, digest: string): Promise<ArrayBuffer> {
    return new Promise((found, failed) => {
      if (this.#wanted.length === 0) queueMicrotask(() => this.#ask());
      this.#wanted.push({ layer, digest, found, failed });
    });
  }

  #ask(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    for (const layer of new Set(wanted.map((one) => one.layer))) {
      const own = wanted.filter((one) => one.layer === layer);
      for (let at = 0; at < own.length; at += TOGETHER) {
        void this.#askFor(layer, own.slice(at, at + TOGETHER));
      }
    }
  }

  async #askFor(layer: string, wanted: readonly Wanted[]): Promise<void> {
    const digests = wanted.map((one) => one.digest).join(",");
    try {
      const bytes = await this.#fetch(`/api/v1/layers/${layer}/chunks/${digests}/`);
      const size = bytes.byteLength / wanted.length;
      // Each its own copy, so that one that is dropped gives its memory back.
      for (const [i, one] of wanted.entries()) one.found(bytes.slice(i * size, (i + 1) * size));
    } catch (error) {
      for (const one of wanted) one.failed(error);
    }
  }
}
