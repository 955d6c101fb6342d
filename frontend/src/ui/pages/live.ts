/** Call a function once after calls have stopped for a while, and at the latest after `most`. */
export function settle(ms: number, most: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first = 0;
  return () => {
    const now = Date.now();
    if (timer === undefined) first = now;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        timer = undefined;
        call();
      },
      Math.max(0, Math.min(ms, first + most - now)),
    );
  };
}
