import { expect, test } from "vitest";
import { TileQueue } from "../../src/viewer/tile_queue";
import type { TileJob } from "../../src/viewer/tile_source";

const job = (name: string, level = 0) =>
  ({ picture: { name, bases: [0] }, level, column: 0, row: 0 }) as unknown as TileJob;

/** A queue of one place, and what it started in which order. */
function makeQueue(ranks: Record<string, number>) {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const queue = new TileQueue(1, (one) => ranks[one.picture.name] ?? 9);
  const add = (name: string, level = 0, isGood = true) =>
    queue
      .run(job(name, level), () => {
        started.push(`${name}${level}`);
        return new Promise<void>((resolve, reject) => ends.push(isGood ? resolve : reject));
      })
      .catch(() => undefined);
  const finish = async () => {
    ends.shift()?.();
    for (let n = 0; n < 5; n++) await Promise.resolve();
  };
  return { started, add, finish };
}

test("the picture somebody waits for is next, its coarse tiles first", async () => {
  const ranks: Record<string, number> = { seen: 1, next: 2, urgent: 2 };
  const { started, add, finish } = makeQueue(ranks);
  void add("seen");
  for (const name of ["next", "seen", "urgent"]) void add(name);
  void add("urgent", 2);
  await Promise.resolve();
  expect(started).toEqual(["seen0"]);
  ranks["urgent"] = 0; // while they wait
  for (let n = 0; n < 5; n++) await finish();
  expect(started).toEqual(["seen0", "urgent2", "urgent0", "seen0", "next0"]);
});

test("a tile that fails makes room for the next", async () => {
  const { started, add, finish } = makeQueue({});
  void add("a", 0, false);
  void add("b");
  await Promise.resolve();
  await finish();
  expect(started).toEqual(["a0", "b0"]);
});
