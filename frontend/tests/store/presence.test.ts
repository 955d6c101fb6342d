import { beforeEach, describe, expect, test } from "vitest";
import type { PresenceJson } from "../../src/api/types";
import { Announcer, GONE_AFTER_MS, HEARTBEAT_MS, PeopleHere } from "../../src/store/presence";

let time = 0;
const now = () => time;
beforeEach(() => {
  time = 0;
});

const news = (more: Partial<PresenceJson> = {}): PresenceJson => ({
  ...{ session: "a", user: 2, name: "Ana", t: 0, z: 0, box: [10, 20, 30, 60], selected: 0 },
  ...{ is_painting: false, hello: false, gone: false },
  ...more,
});

describe("who is here", () => {
  const people = () => new PeopleHere({ user: 1, session: "mine" }, now);
  const names = (here: PeopleHere) => here.people.value.map((one) => one.name);

  test("is whoever told something of late, and not oneself", () => {
    const here = people();
    here.hear(news());
    here.hear(news({ session: "mine", user: 1, name: "me" }));
    here.hear(news({ session: "other tab", user: 1, name: "me" }));
    expect(names(here)).toEqual(["Ana"]);
    expect(here.people.value[0]?.box).toEqual({ x0: 20, y0: 10, x1: 60, y1: 30 });
  });

  test("is gone after silence, after a farewell, and not while there are signs of life", () => {
    const here = people();
    here.hear(news());
    here.hear(news({ user: 3, session: "b", name: "Ben" }));
    time = GONE_AFTER_MS - 1;
    here.hear(news());
    time = GONE_AFTER_MS + 1;
    here.sweep();
    expect(names(here)).toEqual(["Ana"]);
    here.hear(news({ gone: true }));
    expect(names(here)).toEqual([]);
  });

  test("of two tabs of a person the one that moved last counts, until it is closed", () => {
    const here = people();
    here.hear(news({ z: 1 }));
    time = 10;
    here.hear(news({ session: "b", z: 2 }));
    time = 20;
    here.hear(news({ z: 1 })); // a sign of life only
    expect(here.people.value.map((one) => one.plane.z)).toEqual([2]);
    time = 30;
    here.hear(news({ z: 3 }));
    expect(here.people.value.map((one) => one.plane.z)).toEqual([3]);
    here.hear(news({ gone: true }));
    expect(here.people.value.map((one) => one.plane.z)).toEqual([2]);
  });

  test("nobody can pass for somebody else's tab", () => {
    const here = people();
    here.hear(news());
    here.hear(news({ user: 9, name: "Eve", gone: true }));
    expect(names(here)).toEqual(["Ana"]);
  });

  test("a newcomer asks, and only others are asked", () => {
    const here = people();
    expect(here.hear(news({ hello: true }))).toBe(true);
    expect(here.hear(news())).toBe(false);
    expect(here.hear(news({ session: "mine", user: 1, hello: true }))).toBe(false);
  });

  test("signs of life change nothing that is watched", () => {
    const here = people();
    let n = 0;
    here.people.subscribe(() => n++);
    here.hear(news());
    for (let i = 0; i < 5; i++) here.hear(news());
    expect(n).toBe(2);
  });
});

describe("what one tells", () => {
  let where = { t: 0, z: 0, box: [0, 0, 9, 9], selected: 0, is_painting: false };
  let sent: { z: number; hello: boolean; gone: boolean }[] = [];
  let fails = false;
  let announcer: Announcer;
  const ticks = async (n: number) => {
    for (let i = 0; i < n; i++) {
      time += 1000;
      announcer.tick();
      await new Promise((done) => setTimeout(done));
    }
  };
  beforeEach(() => {
    where = { ...where, z: 0 };
    sent = [];
    fails = false;
    announcer = new Announcer({
      now,
      look: () => ({ ...where }),
      async send(said) {
        sent.push(said);
        if (fails) throw new Error("the server is away");
      },
    });
  });

  test("is told once, when it changes, and as a sign of life", async () => {
    await ticks(5);
    expect(sent).toHaveLength(1);
    where.z = 1;
    await ticks(5);
    expect(sent.map((one) => one.z)).toEqual([0, 1]);
    await ticks(HEARTBEAT_MS / 1000);
    expect(sent).toHaveLength(3);
  });

  test("is told to who asks, and asked once", async () => {
    announcer.ask();
    await ticks(3);
    expect(sent.map((one) => one.hello)).toEqual([true]);
    announcer.answer();
    announcer.answer();
    await ticks(3);
    expect(sent.map((one) => one.hello)).toEqual([true, false]);
  });

  test("goes on when the server was away", async () => {
    fails = true;
    await ticks(2);
    where.z = 2;
    fails = false;
    await ticks(1);
    expect(sent.at(-1)?.z).toBe(2);
  });
});
