import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { projectNews } from "../../src/api/pages";

class FakeSource extends EventTarget {
  static open: FakeSource[] = [];
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.open.push(this);
  }
  close(): void {
    FakeSource.open = FakeSource.open.filter((other) => other !== this);
  }
  say(type: string, data: object): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }
}

describe("news of a project", () => {
  beforeEach(() => {
    FakeSource.open = [];
    vi.stubGlobal("EventSource", FakeSource);
    vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
  });
  afterEach(() => vi.unstubAllGlobals());

  test("all parts of a page share one connection, and each hears everything", () => {
    const heard: string[] = [];
    const one = projectNews("p", (type) => heard.push(`one ${type}`));
    const two = projectNews("p", (type) => heard.push(`two ${type}`));

    expect(FakeSource.open).toHaveLength(1);
    FakeSource.open[0]?.say("selection", {});
    FakeSource.open[0]?.say("round", {});

    expect(heard).toEqual(["one selection", "two selection", "one round", "two round"]);
    one.close();
    two.close();
  });

  test("the connection ends with the last listener, and begins anew for the next", () => {
    const one = projectNews("p", () => undefined);
    const two = projectNews("p", () => undefined);
    one.close();
    expect(FakeSource.open).toHaveLength(1);
    two.close();
    two.close();
    expect(FakeSource.open).toHaveLength(0);

    const three = projectNews("p", () => undefined);
    expect(FakeSource.open).toHaveLength(1);
    three.close();
  });

  test("projects do not mix", () => {
    const heard: string[] = [];
    const one = projectNews("p", (type) => heard.push(type));
    const other = projectNews("q", () => heard.push("wrong"));
    FakeSource.open.find((source) => source.url.includes("/p/"))?.say("image", {});

    expect(heard).toEqual(["image"]);
    one.close();
    other.close();
  });
});
