/** Chunks that are wanted together come in few answers, each to whom asked for it. */

import { expect, test } from "vitest";
import { ChunkRequests } from "../../src/api/chunk_requests";

/** Answers two bytes for each digest: its number, twice. */
function answering() {
  const asked: string[] = [];
  const requests = new ChunkRequests(async (path) => {
    asked.push(path);
    const digests = (path.split("/").at(-2) ?? "").split(",").map(Number);
    if (digests.includes(99)) throw new Error("gone");
    return Uint8Array.from(digests.flatMap((n) => [n, n])).buffer;
  });
  return { asked, requests };
}

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);

test("what is wanted at one moment is asked for by eights, in its order", async () => {
  const { asked, requests } = answering();
  const got = await Promise.all(numbers(11).map((n) => requests.get("L", String(n))));
  expect(asked).toEqual([
    "/api/v1/layers/L/chunks/0,1,2,3,4,5,6,7/",
    "/api/v1/layers/L/chunks/8,9,10/",
  ]);
  expect(got.map((bytes) => [...new Uint8Array(bytes)])).toEqual(numbers(11).map((n) => [n, n]));
});

test("what is wanted later, or of another layer, is asked for apart", async () => {
  const { asked, requests } = answering();
  await Promise.all([requests.get("L", "1"), requests.get("M", "2"), requests.get("L", "3")]);
  await requests.get("L", "4");
  expect(asked).toEqual([
    "/api/v1/layers/L/chunks/1,3/",
    "/api/v1/layers/M/chunks/2/",
    "/api/v1/layers/L/chunks/4/",
  ]);
});

test("who asked along with one that is gone hears of it, others do not", async () => {
  const { requests } = answering();
  const together = [99, ...numbers(8)].map((n) => requests.get("L", String(n)));
  const done = await Promise.allSettled(together);
  expect(done.map((one) => one.status)).toEqual([...Array(8).fill("rejected"), "fulfilled"]);
});
