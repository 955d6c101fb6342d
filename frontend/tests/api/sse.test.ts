import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EventSourceLike, listen } from "../../src/api/sse";

class FakeSource implements EventSourceLike {
  readonly url: string;
  isClosed = false;
  readonly #listeners = new Map<string, (event: { data?: string }) => void>();
  constructor(url: string) {
    this.url = url;
  }
  addEventListener(type: string, listener: (event: { data?: string }) => void): void {
    this.#listeners.set(type, listener);
  }
  close(): void {
    this.isClosed = true;
  }
  say(type: string, data?: object): void {
    this.#listeners.get(type)?.(data ? { data: JSON.stringify(data) } : {});
  }
}

class FakePage extends EventTarget {
  hidden = false;
  show(isShown: boolean): void {
    this.hidden = !isShown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

const page = new FakePage();
let made: FakeSource[] = [];
let seq = 3;

function start() {
  const heard: string[] = [];
  const listening = listen({
    url: () => `/events?after=${seq}`,
    on: { op: (data) => heard.push(JSON.stringify(data)) },
    onBroken: () => heard.push("broken"),
    onMissed: () => heard.push("missed"),
    source: (url) => {
      const source = new FakeSource(url);
      made.push(source);
      return source;
    },
  });
  made[0]?.say("open");
  return { heard, listening };
}

beforeEach(() => {
  made = [];
  seq = 3;
  page.hidden = false;
  vi.stubGlobal("document", page);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a page that follows what happens", () => {
  test("lets go of its connection when nobody looks, and catches up when somebody does", () => {
    const { heard, listening } = start();

    page.show(false);
    vi.advanceTimersByTime(60_000);
    expect(made[0]?.isClosed).toBe(true);

    seq = 9;
    page.show(true);
    made[1]?.say("open");

    expect(made.map((source) => source.url)).toEqual(["/events?after=3", "/events?after=9"]);
    expect(heard).toEqual(["missed"]);
    listening.close();
  });

  test("keeps it through a short look at another tab", () => {
    const { heard, listening } = start();

    page.show(false);
    vi.advanceTimersByTime(5_000);
    page.show(true);
    vi.advanceTimersByTime(60_000);

    expect(made).toHaveLength(1);
    expect(made[0]?.isClosed).toBe(false);
    expect(heard).toEqual([]);
    listening.close();
  });

  test("comes back after a break, and says that something may be missing", () => {
    const { heard, listening } = start();

    made[0]?.say("error");
    vi.advanceTimersByTime(5_000);
    made[1]?.say("open");
    made[1]?.say("op", { seq: 4 });

    expect(heard).toEqual(["broken", "missed", '{"seq":4}']);
    listening.close();
  });

  test("goes on from where it stopped, deaf to a late word of the old connection", () => {
    const { heard, listening } = start();

    made[0]?.say("op", { seq: 4 });
    seq = 4;
    made[0]?.say("error");
    vi.advanceTimersByTime(5_000);
    made[0]?.say("op", { seq: 5 });

    expect(made[1]?.url).toBe("/events?after=4");
    expect(heard).toEqual(['{"seq":4}', "broken"]);
    listening.close();
    expect(made[1]?.isClosed).toBe(true);
  });

  test("stays closed once it was closed, whoever looks", () => {
    const { listening } = start();

    listening.close();
    page.show(false);
    vi.advanceTimersByTime(60_000);
    page.show(true);

    expect(made).toHaveLength(1);
  });
});
