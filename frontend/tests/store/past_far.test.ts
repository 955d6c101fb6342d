import { beforeEach, describe, expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { CHUNK } from "../../src/labels/chunks";
import { PastPlane } from "../../src/store/past_plane";
import { PastServer } from "./past_server";
import { brush, line, openAll, settle } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

const N_CHUNKS = 5;
let server: ReferenceServer;
let past: PastPlane;

/** The state after a stroke in each chunk, while a later one erased nothing but is not in it. */
async function then(limit: number): Promise<PastPlane> {
  const { info, api } = { info: (await openAll(server)).info, api: server };
  return PastPlane.open({ api, past: new PastServer(server), info, seq: N_CHUNKS, limit });
}

beforeEach(async () => {
  server = new ReferenceServer(seeded(4), N_CHUNKS * CHUNK, CHUNK);
  const ana = await openAll(server);
  for (let cx = 0; cx <= N_CHUNKS; cx++) {
    const x = (cx % N_CHUNKS) * CHUNK + 100;
    await brush(
      ana,
      ana.nextInstanceId(),
      line(x, 100 + 200 * Math.floor(cx / N_CHUNKS), x + 20, 100),
    );
  }
  await settle(server, ana);
});

describe("the past from far away", () => {
  test("is whole when all that was painted then is loaded, and knows every object", async () => {
    past = await then(64);
    expect([past.isWhole, past.mayBeWhole]).toEqual([false, true]);
    await past.ensureWhole();
    expect(past.isWhole).toBe(true);
    expect(past.table.count).toBe(N_CHUNKS);
    await past.ensure(rect(0, 0, 10, 10));
    expect(past.isWhole).toBe(true);
  });

  test("stays what it is where it is too much", async () => {
    past = await then(3);
    await past.ensure(rect(0, 0, 10, 10));
    await past.ensureWhole();
    expect([past.isWhole, past.mayBeWhole]).toEqual([false, false]);
    expect(past.table.count).toBe(1);
  });
});
