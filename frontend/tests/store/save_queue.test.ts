import { beforeEach, describe, expect, test } from "vitest";
import { ApiError, NetworkError } from "../../src/api/client";
import type { LayerApi } from "../../src/api/layers";
import { type DecisionRow, MemoryJournal, type OpRow, type Row } from "../../src/store/journal";
import { SaveQueue } from "../../src/store/save_queue";
import type { SaveStatus } from "../../src/store/saving_types";

let nextN = 1;
const base = () => ({ session: "s", n: nextN++, user: "ana", savedAt: 1 });
const op = (): OpRow => ({
  ...{ ...base(), type: "op", layer: "layer", t: 0, z: 0, kind: "brush", meta: {} },
  body: new Uint8Array([1]),
});
const decision = (): DecisionRow => ({
  ...{ ...base(), type: "decision", layer: "draft", beside: "layer", ids: [1], state: "rejected" },
});

const refusal = (status: number, code = "some_code") =>
  new ApiError(status, { code, message: `The server says ${status}.` });

let opError: Error | null;
let decisionError: Error | null;
let sent: string[];
let aside: Row[];
let resume: (() => void) | null;
let queue: SaveQueue;

beforeEach(() => {
  opError = null;
  decisionError = null;
  sent = [];
  aside = [];
  resume = null;
  const api = {
    async sendOps(_layer: string, _session: string, ops: readonly OpRow[]) {
      if (opError) throw opError;
      sent.push(...ops.map(() => "op"));
      return { seq: 1, results: ops.map(({ n }) => ({ n, seq: n, n_refused: 0, body: null })) };
    },
    async decide() {
      if (decisionError) throw decisionError;
      sent.push("decision");
    },
  } as unknown as LayerApi;
  queue = new SaveQueue({
    api,
    journal: Object.assign(new MemoryJournal(), { isDurable: true }),
    onAnswer: () => undefined,
    onDecided: () => undefined,
    onSetAside: (row) => aside.push(row),
    cut: async () => null,
    later(_ms, run) {
      resume = run;
      return () => {
        resume = null;
      };
    },
  });
});

const calm = () => new Promise((done) => setTimeout(done, 5));
const push = async (row: Row) => {
  queue.push(row);
  await calm();
};

describe("what is shown while the queue waits", () => {
  test.each<[SaveStatus, Error]>([
    ["offline", new NetworkError()],
    ["login-needed", refusal(401)],
    ["refused", refusal(403)],
  ])("one more stroke changes only the count: %s", async (status, error) => {
    opError = error;
    await push(op());
    const before = queue.state.value;
    expect(before).toMatchObject({ state: status, queued: 1 });
    await push(op());
    expect(queue.state.value).toEqual({ ...before, queued: 2 });
  });

  test("a stroke made while the next attempt is on its way does not call it well either", async () => {
    opError = new NetworkError();
    await push(op());
    resume?.();
    queue.push(op());
    expect(queue.state.value).toMatchObject({ state: "offline", online: false, queued: 2 });
    await calm();
    opError = null;
    await queue.flush();
    expect(queue.state.value).toMatchObject({ state: "saved", online: true, lastError: null });
  });

  test("a stroke after everything was saved is on its way", async () => {
    await push(op());
    expect(queue.state.value.state).toBe("saved");
    queue.push(op());
    expect(queue.state.value).toMatchObject({ state: "saving", queued: 1 });
  });

  test("what is still being packed is not called saved when all before it are", async () => {
    const handOver = queue.expect();
    expect(queue.state.value).toMatchObject({ state: "saving", queued: 1 });
    await push(op());
    expect(sent).toHaveLength(1);
    expect(queue.state.value).toMatchObject({ state: "saving", queued: 1 });
    handOver(op());
    expect(queue.state.value).toMatchObject({ state: "saving", queued: 1 });
    await calm();
    expect(queue.state.value).toMatchObject({ state: "saved", queued: 0 });
  });
});

describe("a decision on a draft that the server refuses", () => {
  test.each([403, 404, 409])("is set aside, and strokes behind it are sent: %i", async (status) => {
    decisionError = refusal(status);
    const refused = decision();
    queue.push(refused);
    await push(op());
    expect(aside).toEqual([refused]);
    expect(sent).toEqual(["op"]);
    expect(queue.state.value.state).toBe("saved");
  });

  test("waits when only the session ended, or the form's protection did", async () => {
    decisionError = refusal(403, "permission_denied");
    await push(decision());
    expect(queue.state.value).toMatchObject({ state: "refused", queued: 1 });
    decisionError = refusal(401);
    queue.kick();
    await calm();
    expect(queue.state.value).toMatchObject({ state: "login-needed", queued: 1 });
    expect(aside).toEqual([]);
  });
});

test("strokes wait while somebody else is signed in, and the server's sentence says who", async () => {
  const error = refusal(401, "other_account");
  opError = error;
  await push(op());
  const lastError = error.message;
  expect(queue.state.value).toMatchObject({ state: "login-needed", queued: 1, lastError });
  opError = null;
  await queue.flush();
  expect(queue.state.value).toMatchObject({ state: "saved", queued: 0 });
});

test("strokes that the server refuses for the moment are kept in the queue", async () => {
  opError = refusal(403);
  await push(op());
  expect(queue.waiting).toHaveLength(1);
  expect(aside).toEqual([]);
});
