import fc from "fast-check";
import { expect, test } from "vitest";
import { Newest } from "../../src/viewer/newest";

test("one step at a time, the last value is always taken, and none before an older one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (moves) => {
      const taken: number[] = [];
      let finish: (() => void) | undefined;
      let nBusy = 0;
      const steps = new Newest<number>(async (value) => {
        expect(++nBusy).toBe(1);
        taken.push(value);
        await new Promise<void>((done) => {
          finish = done;
        });
        nBusy--;
      });
      let asked = 0;
      for (const isAsk of moves) {
        if (isAsk) steps.ask(++asked);
        else finish?.();
        await Promise.resolve();
        await Promise.resolve();
      }
      for (let n = 0; n < 3; n++) {
        finish?.();
        for (let tick = 0; tick < 5; tick++) await Promise.resolve();
      }
      expect(taken.at(-1)).toBe(asked > 0 ? asked : undefined);
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});

test("what waits is forgotten when it is cleared", async () => {
  const taken: string[] = [];
  let finish = () => {};
  const steps = new Newest<string>(async (value) => {
    taken.push(value);
    await new Promise<void>((done) => {
      finish = done;
    });
  });
  steps.ask("first");
  steps.ask("second");
  steps.clear();
  finish();
  for (let tick = 0; tick < 5; tick++) await Promise.resolve();
  expect(taken).toEqual(["first"]);
});
