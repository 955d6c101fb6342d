/** Laws of rebinding: whatever is done, no key means two things, and what is kept comes back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BINDABLES } from "../../src/ui/editor/key_bindings";
import { KeyMap } from "../../src/ui/editor/key_map";
import { isUsable } from "../../src/ui/editor/reserved_keys";

const KINDS = [1, 2, 4, 8];
const usual = KeyMap.defaults(BINDABLES);
const ids = BINDABLES.map(({ id }) => id);
/** Few enough to meet, and most of the defaults among them. */
const keys = [
  ...new Set([...BINDABLES.flatMap(({ defaults }) => defaults), "5", "ctrl+e", "f8"]),
].filter(isUsable);

/** Keys with more than one meaning in an image of some kind. */
function ambiguous(map: KeyMap): string[] {
  return KINDS.flatMap((kind) => {
    const all = map.items
      .filter(({ kinds }) => (kinds & kind) !== 0)
      .flatMap(({ id }) => map.keysOf(id));
    return all.filter((key, at) => all.indexOf(key) !== at);
  });
}

const asObject = (map: KeyMap) => Object.fromEntries(map.own);
const settled = (kept: Record<string, string>) =>
  KeyMap.settled(BINDABLES, new Map(Object.entries(kept)), isUsable);

const act = fc.oneof(
  fc.record({
    how: fc.constantFrom("give" as const, "swap" as const),
    id: fc.constantFrom(...ids),
    key: fc.constantFrom(...keys),
  }),
  fc.record({
    how: fc.constantFrom("reset" as const, "clear" as const),
    id: fc.constantFrom(...ids),
  }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** What a person does to the keys; what cannot be is refused. */
function done(map: KeyMap, one: Act): KeyMap {
  const next = "key" in one ? map[one.how](one.id, one.key) : map[one.how](one.id);
  return next ?? map;
}

const acts = fc.array(act, { maxLength: 40 });
const after = acts.map((all) => all.reduce(done, usual));

describe("the keys of a person", () => {
  it("have one meaning each, whatever is rebound", () => {
    fc.assert(
      fc.property(after, (map) => {
        expect(ambiguous(map)).toEqual([]);
      }),
    );
  });

  it("leave what must have a key its key", () => {
    fc.assert(
      fc.property(after, (map) => {
        expect(map.keysOf("cancel")).toEqual(["escape"]);
        expect(map.keysOf("leave-stage")).toHaveLength(1);
      }),
    );
  });

  it("come back from what is kept of them", () => {
    fc.assert(
      fc.property(after, (map) => {
        expect(asObject(settled(asObject(map)))).toEqual(asObject(map));
      }),
    );
  });

  it("are kept only where they differ", () => {
    fc.assert(
      fc.property(after, (map) => {
        for (const { id, defaults } of BINDABLES) {
          const isSame = map.keysOf(id).join() === defaults.join();
          expect(map.isChanged(id), id).toBe(!isSame);
        }
      }),
    );
  });

  it("are the defaults again when each is reset", () => {
    fc.assert(
      fc.property(after, fc.shuffledSubarray(ids, { minLength: ids.length }), (map, order) => {
        const reset = order.reduce<KeyMap>((one, id) => one.reset(id) ?? one, map);
        // A key that a needed one holds is given back once that has its own again.
        const all = order.reduce<KeyMap>((one, id) => one.reset(id) ?? one, reset);
        expect(asObject(all)).toEqual({});
      }),
    );
  });

  it("are what was asked for", () => {
    fc.assert(
      fc.property(after, fc.constantFrom(...ids), fc.constantFrom(...keys), (map, id, key) => {
        const given = map.give(id, key);
        if (given) expect(given.keysOf(id)).toContain(key);
        const swapped = map.swap(id, key);
        if (swapped) {
          expect(swapped.keysOf(id)).toContain(key);
          for (const { id: other } of map.holders(id, [key])) {
            expect(swapped.keysOf(other)).toContain(map.keysOf(id)[0]);
          }
        }
        expect(map.clear(id)?.keysOf(id) ?? []).toEqual([]);
      }),
    );
  });

  it("have one meaning each, whatever somebody kept", () => {
    const anyId = fc.oneof(fc.constantFrom<string>(...ids), fc.string());
    const anyKey = fc.oneof(fc.constantFrom(...keys, "", "escape", "f5", "Nonsense"), fc.string());
    fc.assert(
      fc.property(fc.dictionary(anyId, anyKey), (kept) => {
        const map = settled(kept);
        expect(ambiguous(map)).toEqual([]);
        expect(map.keysOf("leave-stage")).not.toEqual([]);
        for (const [id, key] of map.own) {
          expect(ids).toContain(id);
          expect(key === "" || isUsable(key)).toBe(true);
        }
        expect(asObject(settled(asObject(map)))).toEqual(asObject(map));
      }),
    );
  });
});

describe("giving a key", () => {
  it("takes it from what had it, which the way back gives it again", () => {
    const map = usual.give("brush", "m");
    expect(map && asObject(map)).toEqual({ brush: "m", merge: "" });
    const back = map?.reset("brush");
    expect(back && asObject(back)).toEqual({ merge: "" });
    expect(back?.reset("merge")?.own.size).toBe(0);
  });

  it("leaves other ways to press the same", () => {
    expect(usual.give("brush", "ctrl+y")?.keysOf("redo")).toEqual(["ctrl+shift+z"]);
  });

  it("meets only what there is in the same images", () => {
    const planes = usual.give("next-plane", "j");
    expect(planes && asObject(planes)).toEqual({ "next-plane": "j", "show-selected": "" });
    expect(usual.holders("brush", ["."]).map(({ id }) => id)).toEqual([
      "next-doubtful",
      "next-plane",
    ]);
    expect(usual.holders("next-plane", ["."])).toEqual([]);
    expect(usual.swap("next-doubtful", "b")).toBeUndefined(); // the brush is there in stacks too
  });

  it("is refused where somebody would be caught in the image", () => {
    expect(usual.give("brush", "f6")).toBeUndefined();
    expect(usual.unmovable("brush", ["f6"])?.id).toBe("leave-stage");
    expect(usual.clear("leave-stage")).toBeUndefined();
    expect(usual.swap("brush", "f6")?.keysOf("leave-stage")).toEqual(["b"]);
    expect(usual.give("brush", "escape")).toBeUndefined();
    expect(usual.swap("brush", "escape")).toBeUndefined();
  });
});
