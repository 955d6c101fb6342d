import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NetworkError } from "../../src/api/client";
import {
  EffortCounter,
  type EffortReport,
  EffortReporter,
  LONGEST_PAUSE_S,
} from "../../src/store/effort";

describe("the counter", () => {
  test("adds up short pauses and leaves long ones out", () => {
    const counter = new EffortCounter();
    for (const at of [100, 101, 105, 125, 145.1, 146]) counter.sign(at, false);
    expect(counter.seconds).toBeCloseTo(1 + 4 + 20 + 0 + 0.9);
  });

  test("counts the whole of a slow stroke", () => {
    const counter = new EffortCounter();
    counter.sign(0, true);
    counter.sign(45, true);
    counter.sign(90, false);
    counter.sign(120, false);
    expect(counter.seconds).toBe(90);
  });

  test("stops with the tab and begins anew", () => {
    const counter = new EffortCounter();
    counter.sign(0, true);
    counter.rest(5);
    counter.sign(12, false);
    counter.sign(13, false);
    expect(counter.seconds).toBe(6);
  });

  test("never counts more than passed, nor a pause that is too long", () => {
    const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 60, noNaN: true }), fc.boolean()));
    fc.assert(
      fc.property(steps, (all) => {
        const counter = new EffortCounter();
        let now = 0;
        let most = 0;
        let wasPressed = false;
        all.forEach(([pause, isPressed], i) => {
          now += pause;
          if (i > 0 && (pause <= LONGEST_PAUSE_S || wasPressed)) most += pause;
          counter.sign(now, isPressed);
          wasPressed = isPressed;
        });
        expect(counter.seconds).toBeCloseTo(most, 5);
        expect(counter.seconds).toBeLessThanOrEqual(now + 1e-6);
      }),
    );
  });
});

/** A server that keeps (n → seconds) as the real one does. */
class Keeper {
  readonly kept = new Map<number, number>();
  readonly sent: EffortReport[] = [];
  losesAnswer = false;
  isDown = false;
  most = Infinity;

  readonly send = async (report: EffortReport) => {
    this.sent.push(report);
    if (this.isDown) throw new NetworkError();
    if (!this.kept.has(report.n)) this.kept.set(report.n, Math.min(report.active_s, this.most));
    if (this.losesAnswer) throw new NetworkError();
    return this.kept.get(report.n) as number;
  };

  get total(): number {
    return [...this.kept.values()].reduce((a, b) => a + b, 0);
  }
}

function working() {
  const counter = new EffortCounter();
  const keeper = new Keeper();
  const reporter = new EffortReporter(counter, keeper.send);
  let now = 0;
  counter.sign(0, true);
  const work = (seconds: number) => {
    now += seconds;
    counter.sign(now, true);
  };
  return { keeper, reporter, work };
}

describe("the reporter", () => {
  test("says nothing when nothing was done", async () => {
    const { keeper, reporter, work } = working();
    await reporter.report();
    work(12);
    await reporter.report();
    await reporter.report();
    expect(keeper.sent).toEqual([{ n: 1, active_s: 12 }]);
  });

  test("sends again under the same n, so that a lost answer doubles nothing", async () => {
    const { keeper, reporter, work } = working();
    work(10);
    keeper.losesAnswer = true;
    await reporter.report();
    keeper.losesAnswer = false;
    work(5);
    await reporter.report(); // the server says that it took 10 of these 15
    await reporter.report();
    expect(keeper.sent.map((report) => report.n)).toEqual([1, 1, 2]);
    expect([...keeper.kept]).toEqual([
      [1, 10],
      [2, 5],
    ]);
  });

  test("loses nothing while the server is down", async () => {
    const { keeper, reporter, work } = working();
    keeper.isDown = true;
    for (let i = 0; i < 4; i++) {
      work(10);
      await reporter.report();
    }
    keeper.isDown = false;
    keeper.most = 30;
    await reporter.report();
    await reporter.report();
    expect(keeper.total).toBe(40);
  });

  test("leaves with what is not underway", async () => {
    const { keeper, reporter, work } = working();
    work(10);
    const first = reporter.report();
    work(3);
    reporter.leave();
    await first;
    await reporter.report();
    expect([...keeper.kept]).toEqual([
      [1, 10],
      [2, 3],
    ]);
  });
});
