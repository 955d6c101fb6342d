/** Questions that are asked again before they are answered: only the newest answer counts. */

export interface Taker<T> {
  readonly take: (answer: T) => void;
  readonly fail: (error: unknown) => void | Promise<void>;
  /** After the newest question was answered, in whatever way. */
  readonly settle?: () => void;
}

export class NewestAnswer {
  private asked = 0;

  async ask<T>(question: () => Promise<T>, { take, fail, settle }: Taker<T>): Promise<void> {
    const mine = ++this.asked;
    const isNewest = () => mine === this.asked;
    try {
      const answer = await question();
      if (isNewest()) take(answer);
    } catch (error) {
      if (isNewest()) await fail(error);
    }
    if (isNewest()) settle?.();
  }
}
