/** A person's keys between the page, other tabs and the server. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KeyApi, KeysJson } from "../../src/api/keys";
import type { ClassJson } from "../../src/api/types";
import { groupsOf } from "../../src/ui/editor/KeySheet";
import { ariaKeysOf, BINDABLES, keyMap, keyOf, withKeys } from "../../src/ui/editor/key_bindings";
import { choiceOf } from "../../src/ui/editor/key_choice";
import { KeyDesk } from "../../src/ui/editor/key_desk";
import { KeyMap } from "../../src/ui/editor/key_map";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { until } from "../store/people";

/** Keeps the keys of everybody as the server does, and fails on request. */
class Server {
  keys: KeysJson["keys"] = {};
  isDown = false;
  readonly api = {
    read: async () => this.#answer(),
    keep: async (keys: KeysJson["keys"]) => {
      this.#answer();
      this.keys = keys;
      return this.#answer();
    },
  } as unknown as KeyApi;

  #answer(): KeysJson {
    if (this.isDown) throw new Error("the server cannot be reached");
    return { keys: this.keys };
  }
}

const usual = KeyMap.defaults(BINDABLES);
let server: Server;
let model: EditorModel;
const desks: KeyDesk[] = [];

function desk(user = "1"): KeyDesk {
  const attempt = <T>(edit: () => Promise<T>) => edit().catch(() => undefined);
  const made = new KeyDesk({ api: server.api, model, user, attempt });
  desks.push(made);
  return made;
}

const give = (id: string, key: string) => keyMap.value.give(id, key) ?? usual;
const sentences = () => model.notices.value.map(({ text }) => text);
const named = (name: string, key: string) => ({ name, key }) as ClassJson;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("window", { innerWidth: 1200, addEventListener: () => undefined });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  model = makeModel();
  keyMap.value = usual;
});

afterEach(() => {
  for (const one of desks.splice(0)) one.close();
  keyMap.value = usual;
  vi.unstubAllGlobals();
});

it("keeps only what differs, and has it again", async () => {
  const keys = desk();
  await keys.load();
  keys.change(give("brush", "8"), "done");
  await until(() => "brush" in server.keys, "the keys to be kept");
  expect(server.keys).toEqual({ brush: "8" });
  expect([keyOf("brush"), ariaKeysOf("brush"), keys.told.value]).toEqual(["8", "8", "done"]);

  keyMap.value = usual;
  await keys.load();
  expect(keyOf("brush")).toBe("8");
  keys.takeBack(); // nothing was done since it was read
  expect(keyOf("brush")).toBe("8");
  keys.reset("brush");
  await until(() => !("brush" in server.keys), "the reset to be kept");
});

it("takes the last change back", async () => {
  const keys = desk();
  await keys.load();
  keys.change(give("brush", "m"), "done");
  keys.resetAll();
  expect(keyOf("brush")).toBe("B");
  keys.takeBack();
  expect([keyOf("brush"), keyOf("merge")]).toEqual(["M", ""]);
  await until(() => server.keys["brush"] === "m", "it to be kept");
});

it("changes nothing before the kept keys were read", async () => {
  server.keys = { brush: "8" };
  server.isDown = true;
  const keys = desk();
  await keys.load();
  keys.change(give("lasso", "9"), "done");
  keys.ask({ id: "lasso", isReset: false });
  expect([keyOf("lasso"), keys.question.value]).toEqual(["O", undefined]);
  expect(keys.told.value).toMatch(/could not be read/);
  server.isDown = false;
  keys.opened();
  await until(() => keyOf("brush") === "8", "the keys");
});

it("holds what could not be saved, and saves it when the sheet is opened again", async () => {
  const keys = desk();
  await keys.load();
  server.isDown = true;
  keys.change(give("brush", "8"), "done");
  await until(() => /could not be saved/.test(keys.told.value), "the sentence");
  expect(keyOf("brush")).toBe("8");
  server.isDown = false;
  keys.opened();
  await until(() => server.keys["brush"] === "8", "it to be kept");
});

it("hears of changes in other tabs of the same person", async () => {
  const other = new BroadcastChannel("cytoloop-keys");
  const keys = desk("1");
  await keys.load();
  const heard: unknown[] = [];
  other.onmessage = ({ data }) => heard.push(data);
  keys.change(give("brush", "8"), "done");
  await until(() => heard.length > 0, "the news");
  expect(heard).toEqual([{ user: "1", keys: { brush: "8" } }]);
  other.postMessage({ user: "2", keys: { brush: "9" } });
  other.postMessage({ user: "1", keys: { lasso: "shift+o" } });
  await until(() => keyOf("lasso") === "Shift+O", "the other tab's keys");
  expect(keyOf("brush")).toBe("B");
  other.close();
});

it("says once which classes lost their key, unless the person decided it", async () => {
  server.keys = { brush: "5" };
  const keys = desk();
  await keys.load();
  expect(sentences()).toEqual([]);
  model.classes.value = [named("Tumour", "5"), named("Stroma", "6")];
  expect(sentences()[0]).toMatch(
    /^5 is Brush for you, so it does not choose the class Tumour here/,
  );
  model.notices.value = [];
  model.classes.value = [...model.classes.value];
  keys.change(give("lasso", "6"), "done");
  expect(sentences()).toEqual([]);
});

it("asks before a reset takes a key from something else", async () => {
  server.keys = { brush: "8", merge: "b" };
  const keys = desk();
  await keys.load();
  keys.reset("brush");
  expect(keys.question.value).toEqual({ id: "brush", isReset: true });
  expect(keyOf("merge")).toBe("B");
});

it("says whom a key belongs to, and what becomes of it", () => {
  const asked = (id: "brush" | "next-plane" | "merge", key: string) =>
    choiceOf({ map: usual, id, key, classes: [named("Tumour", "5")], kind: 1 });

  const merge = asked("brush", "m");
  expect(merge.problem).toBe("M is Merge: give it to Brush instead? Merge then has no key.");
  expect(merge.given?.said).toBe("Brush: M. Merge has no key now.");
  expect(merge.swapped?.said).toBe("Brush: M. Merge: B.");
  expect(asked("brush", "p").problem).toMatch(/\(in stacks\)/);
  expect(asked("brush", "5").problem).toMatch(/class Tumour in this project/);
  expect(asked("brush", "u").problem).toMatch(/no class/);
  expect(asked("brush", "8").problem).toBeUndefined();
  expect(asked("brush", "f6").given).toBeUndefined();
  expect(asked("brush", "f6").problem).toMatch(/needs a key/);
});

it("finds tools and commands by name and by key", () => {
  const found = (sought: string) =>
    groupsOf({ nZ: 1, nT: 1 }, sought).flatMap(({ rows }) => rows.map(({ id }) => id));
  expect(found("")).toHaveLength(found(" ").length);
  expect(found("b")).toEqual(["brush", "bookmark"]);
  expect(found("Shift+M")).toEqual(["minimap"]);
  expect(found("bookm")).toEqual(["bookmark"]);
  expect(found("+")).toEqual(["zoom-in"]);
  expect(found("no such thing")).toEqual([]);
});

it("writes the person's key into sentences", () => {
  keyMap.value = give("merge", "m").give("brush", "f8") ?? usual;
  expect(withKeys("Press {key:brush}, not {brush} or {key:nothing}.")).toBe(
    "Press F8, not {brush} or {key:nothing}.",
  );
  keyMap.value = keyMap.value.clear("brush") ?? usual;
  expect(withKeys("Press {key:brush}.")).toBe("Press the key of “Brush” (it has none).");
});
