/** What a store has when it is open. */
import { expect, test } from "vitest";
import { rect } from "../../src/geometry/rect";
import { brush, expectAreas, expectTruth, line, open, openAll, until } from "./people";
import { ReferenceServer, seeded } from "./reference_server";

test("instances that were read before a stroke of somebody else are read again", async () => {
  const server = new ReferenceServer(seeded(2));
  const other = await openAll(server, { user: "ben" });
  const read = server.instances.bind(server);
  const list = server.manifest.bind(server);
  let isPainted: () => void = () => undefined;
  const painted = new Promise<void>((done) => {
    isPainted = done;
  });
  server.instances = async (id) => {
    const columns = await read(id);
    server.instances = read;
    await brush(other, other.nextInstanceId(), line(30, 30, 60, 40), 5);
    await other.flush();
    isPainted();
    return columns;
  };
  server.manifest = async (...asked) => {
    await painted;
    return list(...asked);
  };
  const store = await open(server);
  await store.ensure(store.bounds);
  expect(store.instances.count).toBe(1);
  expectAreas(store);
  expectTruth(server, store);
  for (const one of [store, other]) one.close();
});

test("a small plane is fetched whole, one that is larger than what is kept is not", async () => {
  const server = new ReferenceServer(seeded(3));
  server.draw(1, rect(10, 10, 20, 20));
  const [small, large] = [await open(server), await open(server, { chunkLimit: 3 })];
  await until(() => small.isLoaded(1, 1), "all chunks of the plane");
  expect(large.isLoaded(0, 0)).toBe(false);
  for (const one of [small, large]) one.close();
});
