/** One step at a time; of those that are asked for meanwhile only the newest is taken next. */
export class Newest<T> {
  readonly #take: (value: T) => Promise<void>;
  #waiting: { readonly value: T } | undefined;
  #isBusy = false;

  /** @param take must not throw: who waits for it is not here */
  constructor(take: (value: T) => Promise<void>) {
    this.#take = take;
  }

  ask(value: T): void {
    this.#waiting = { value };
    if (!this.#isBusy) void this.#run();
  }

  /** Forget what waits; the step under way ends by itself. */
  clear(): void {
    this.#waiting = undefined;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting) {
      const { value } = this.#waiting;
      this.#waiting = undefined;
      await this.#take(value);
    }
    this.#isBusy = false;
  }
}
