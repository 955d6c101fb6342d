import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClassApi } from "../../src/api/classes";
import { ApiError } from "../../src/api/client";
import type { ClassJson } from "../../src/api/types";
import { rect } from "../../src/geometry/rect";
import { InstanceTable } from "../../src/labels/instances";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { classes } from "../../src/texts";
import { TOOLS } from "../../src/tools/tools";
import { NO_AUTHORS } from "../../src/ui/editor/author_words";
import { ClassDesk, type ClassParts } from "../../src/ui/editor/class_desk";
import {
  CLASS_KEYS,
  colourOf,
  foreignNames,
  freeKeys,
  nextColour,
  UNKNOWN_KEY,
} from "../../src/ui/editor/class_words";
import { coloursBy } from "../../src/ui/editor/colour_choice";
import { commandsFor } from "../../src/ui/editor/commands";
import { makeModel } from "../../src/ui/editor/model";
import { openAll, settle, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";

const named = (name: string, more: Partial<ClassJson> = {}): ClassJson => ({
  ...{ id: `id of ${name}`, name, colour: "#112233", key: "", description: "", position: 0 },
  ...more,
});
const MITOSIS = named("mitosis", { key: "5", colour: "#ff0000" });
const RESTING = named("resting", { key: "6", colour: "#0000ff" });

describe("keys of classes", () => {
  it("mean nothing else in the editor", () => {
    const commands = commandsFor({ nZ: 5, nT: 3 }).flatMap((command) => command.keys);
    const taken = new Set([...commands, ...TOOLS.map((tool) => tool.key)]);
    expect([...CLASS_KEYS, UNKNOWN_KEY].filter((key) => taken.has(key))).toEqual([]);
    expect(CLASS_KEYS).not.toContain(UNKNOWN_KEY);
  });

  it("are offered while no other class has them", () => {
    expect(freeKeys([MITOSIS, RESTING])).not.toContain("5");
    expect(freeKeys([MITOSIS, RESTING], "5")).toContain("5");
    expect(freeKeys([MITOSIS, RESTING])[0]).toBe("7");
  });
});

it("offers the colour that the fewest classes have", () => {
  const first = nextColour([]);
  const second = nextColour([named("a", { colour: first })]);
  expect(second).not.toBe(first);
  expect(colourOf([MITOSIS], "mitosis")).toBe("#ff0000");
});

it("tells which names the project does not know", () => {
  const counts = new Map([
    ["", 4],
    ["mitosis", 2],
    ["gone", 1],
  ]);
  expect(foreignNames([MITOSIS], counts)).toEqual([["gone", 1]]);
});

it("says how many objects a class has", () => {
  expect(classes.inUse(0, 0)).toBe("No object has it.");
  expect(classes.inUse(1, 0)).toBe("1 object has it, in all images of the project.");
  expect(classes.inUse(1200, 1)).toMatch(/^1,200 objects and 1 object of drafts have it/);
});

const PLAIN = {
  ...{ style: "both" as const, palette: "hues" as const },
  ...{ classes: [], authors: NO_AUTHORS, isDraft: false },
};

describe("colours", () => {
  const table = new InstanceTable();
  for (const id of [1, 2, 3]) table.setClass(id, ["", "mitosis", "gone"][id - 1] as string);

  it("by class are those of the classes, and one each for none and for a foreign one", () => {
    const { colours, indexOf } = coloursBy(table, {
      ...PLAIN,
      by: "class",
      classes: [MITOSIS, RESTING],
    });
    const edge = (id: number) => (colours.edge[indexOf?.(id) ?? -1] ?? 0).toString(16);
    expect(edge(2)).toBe("ff0000ff");
    expect(new Set([1, 2, 3, 4].map(edge)).size).toBe(3);
    expect(edge(4)).toBe(edge(1));
  });

  it("by state tell edited from accepted", () => {
    table.setState(2, "edited");
    const { indexOf } = coloursBy(table, { ...PLAIN, by: "state" });
    expect(indexOf?.(1)).not.toBe(indexOf?.(2));
    expect(indexOf?.(1)).toBe(indexOf?.(3));
  });

  it("are one per object where the project has no classes", () => {
    expect(coloursBy(table, { ...PLAIN, by: "class" }).indexOf).toBeUndefined();
  });
});

describe("choosing a class", () => {
  let server: ReferenceServer;
  let layer: AnnotationPlane;
  let parts: ClassParts;
  let desk: ClassDesk;
  let list: ClassJson[];

  beforeEach(async () => {
    stubPage();
    server = new ReferenceServer(seeded(3));
    server.draw(1, rect(10, 10, 30, 30));
    layer = await openAll(server);
    list = [MITOSIS, RESTING];
    const model = makeModel();
    parts = {
      model,
      layer,
      drafts: { draft: undefined },
      many: { setClass: () => false },
      classes: {
        list: async () => list,
        add: async (_project: string, added: { name: string }) => {
          if (added.name === "mitosis") {
            throw new ApiError(409, { code: "class_name_taken", message: "There is one already." });
          }
          const made = named(added.name);
          list = [...list, made];
          return made;
        },
        change: async (id: string, change: object) => {
          list = list.map((one) => (one.id === id ? { ...one, ...change } : one));
        },
      } as unknown as ClassApi,
      attempt: <T>(edit: () => Promise<T>) => edit(),
    } as unknown as ClassParts;
    layer.onInstances(() => follow());
    const follow = () => {
      const row = layer.instances.get(model.selected.value);
      model.facts.value = row && { ...row };
    };
    model.selected.subscribe(follow);
    desk = new ClassDesk(parts);
    await desk.load();
  });
  afterEach(() => {
    layer.close();
    vi.unstubAllGlobals();
  });

  it("by its key gives it to the selected object and to new ones", async () => {
    parts.model.selected.value = 1;
    expect(desk.chooseByKey("5")).toBe(true);
    await until(() => layer.instances.classOf(1) === "mitosis", "the class");
    expect(parts.model.activeClass.value).toBe("mitosis");
    expect(desk.chooseByKey(UNKNOWN_KEY)).toBe(true);
    await settle(server, layer);
    expect(server.table.classOf(1)).toBe("");
    expect(desk.chooseByKey("7")).toBe(false);
  });

  it("leaves the selected object alone when the next stroke makes a new one", () => {
    parts.model.selected.value = 1;
    parts.model.isNewArmed.value = true;
    desk.choose("mitosis");
    expect(layer.instances.classOf(1)).toBe("");
    expect(parts.model.activeClass.value).toBe("mitosis");
  });

  it("stays chosen under its new name, and is forgotten when it is gone", async () => {
    desk.choose("mitosis");
    await desk.change(MITOSIS.id, { name: "dividing" });
    expect(parts.model.activeClass.value).toBe("dividing");
    list = [RESTING];
    await desk.changed();
    expect(parts.model.activeClass.value).toBe("");
  });

  it("of one just added keeps it chosen, also when the news of it comes first", async () => {
    desk.choose("mitosis");
    await Promise.all([desk.add({ name: "dying" }), desk.changed()]);
    expect(parts.model.activeClass.value).toBe("dying");
    expect(parts.model.classes.value.map((one) => one.name)).toContain("dying");
  });

  it("says what the server refuses", async () => {
    expect(await desk.add({ name: "mitosis" })).toBe("There is one already.");
  });

  it("by viewers changes nothing", () => {
    parts.model.mayAnnotate.value = false;
    parts.model.selected.value = 1;
    desk.choose("mitosis");
    expect(layer.instances.classOf(1)).toBe("");
  });
});
