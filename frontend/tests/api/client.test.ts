import { describe, expect, test } from "vitest";
import { ApiClient, ApiError, NetworkError } from "../../src/api/client";
import { fromBase64, labelsOf, packOps, RestLayerApi, toBase64 } from "../../src/api/layers";

type Asked = { url: string; init: RequestInit };

function client(answer: (asked: Asked) => Response | Promise<Response>, options = {}) {
  const asked: Asked[] = [];
  const api = new ApiClient({
    ...options,
    csrfToken: () => "token",
    fetch: async (url, init) => {
      asked.push({ url: String(url), init: init ?? {} });
      return answer({ url: String(url), init: init ?? {} });
    },
  });
  return { api, asked };
}

const json = (body: unknown, status = 200) => Response.json(body, { status });
const header = (asked: Asked | undefined, name: string) =>
  new Headers(asked?.init.headers).get(name);

describe("requests", () => {
  test("writing carries the CSRF token and JSON, reading neither", async () => {
    const { api, asked } = client(() => json({ ok: 1 }));
    await api.json("POST", "/a/", { json: { b: 1 } });
    await api.json("GET", "/a/", { query: { t: 0, name: "", tag: undefined } });
    expect(header(asked[0], "X-CSRFToken")).toBe("token");
    expect(asked[0]?.init.body).toBe('{"b":1}');
    expect(header(asked[1], "X-CSRFToken")).toBeNull();
    expect(asked[1]?.url).toBe("/a/?t=0");
  });

  test("writing says whose page it is; another account's session counts as signed out", async () => {
    const refusal = { code: "other_account", message: "You are signed in as ben now." };
    const { api, asked } = client(() => json(refusal, 403), { user: "7" });
    const error = await api.json("POST", "/a/").catch((e: unknown) => e);
    await api.json("GET", "/a/").catch(() => undefined);
    expect(error).toMatchObject({ status: 401, ...refusal });
    expect(asked.map((one) => header(one, "X-Page-User"))).toEqual(["7", null]);
  });

  test("an error answer becomes an ApiError with code and sentence", async () => {
    const { api } = client(() => json({ code: "too_few", message: "Draw two more." }, 422));
    const error = await api.json("GET", "/a/").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: "too_few", message: "Draw two more." });
  });

  test("an error page that is no JSON is an ApiError too", async () => {
    const { api } = client(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(api.json("GET", "/a/")).rejects.toMatchObject({ status: 502, code: "unknown" });
  });

  test("signed out is 401, whatever the framework answers", async () => {
    const { api } = client(() => json({ code: "not_authenticated", message: "Sign in." }, 403));
    await expect(api.json("POST", "/a/")).rejects.toMatchObject({ status: 401 });
  });

  test("no answer, and a page of somebody else, are network errors", async () => {
    const broken = client(() => Promise.reject(new TypeError("failed to fetch")));
    await expect(broken.api.json("GET", "/a/")).rejects.toBeInstanceOf(NetworkError);
    const portal = client(
      () => new Response("<p>Buy Wi-Fi</p>", { headers: { "Content-Type": "text/html" } }),
    );
    await expect(portal.api.json("POST", "/a/")).rejects.toBeInstanceOf(NetworkError);
  });

  test("an empty answer is nothing", async () => {
    const { api } = client(() => new Response(null, { status: 204 }));
    expect(await api.json("DELETE", "/a/")).toBeUndefined();
  });
});

describe("layers", () => {
  test("ops are packed as a header and their bodies", async () => {
    const { api, asked } = client(() => json({ seq: 2, results: [] }));
    const op = { kind: "brush", t: 0, z: 0, meta: { group: "g" } };
    const ops = [
      { ...op, n: 1, body: Uint8Array.of(1, 2, 3) },
      { ...op, n: 2, body: Uint8Array.of(9) },
    ];
    await new RestLayerApi(api).sendOps("L", "S", ops);
    expect(asked[0]?.url).toBe("/api/v1/layers/L/ops/");
    expect(header(asked[0], "Content-Type")).toBe("application/vnd.cytoloop.ops");
    const packed = asked[0]?.init.body as Uint8Array;
    const size = new DataView(packed.buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(packed.slice(4, 4 + size)));
    expect(head.session).toBe("S");
    expect(head.ops.map((row: { n: number; size: number }) => [row.n, row.size])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect([...packed.slice(4 + size)]).toEqual([1, 2, 3, 9]);
    expect(packOps("S", ops).length).toBe(packed.length);
  });

  test("chunks are little-endian uint32", async () => {
    const { api } = client(() => new Response(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 255)));
    expect([...(await new RestLayerApi(api).chunk("L", "digest"))]).toEqual([1, 0xff000000]);
    expect([...labelsOf(Uint8Array.of(2, 1, 0, 0).buffer)]).toEqual([258]);
  });

  test("base64 there and back", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });
});
