import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rect } from "../../src/geometry/rect";
import type { AnnotationPlane } from "../../src/store/annotation_plane";
import { DraftDesk, type DraftDeskParts } from "../../src/ui/editor/draft_desk";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { Review } from "../../src/ui/editor/review";
import { openAll, until } from "../store/people";
import { ReferenceServer, seeded } from "../store/reference_server";
import { stubPage } from "../viewer/pointers";

let server: ReferenceServer;
let layer: AnnotationPlane;
let model: EditorModel;
let drafts: DraftDesk;
let review: Review;
/** Answers about these layers are held back until they are let go. */
let held: Map<string, () => void>;
let shown: string | undefined;

beforeEach(async () => {
  stubPage();
  server = new ReferenceServer(seeded(3));
  for (const id of ["a", "b"]) {
    const draft = new ReferenceServer(seeded(8), 1024, 1024, "prediction");
    draft.draw(11, rect(100, 100, 120, 120), 0.9);
    server.drafts.set(id, draft);
  }
  layer = await openAll(server);
  held = new Map();
  const answer = server.layer.bind(server);
  vi.spyOn(server, "layer").mockImplementation(async (id) => {
    await new Promise<void>((done) => {
      const before = held.get(id);
      held.set(id, () => {
        before?.();
        done();
      });
    });
    return answer(id);
  });
  model = makeModel();
  const parts = {
    model,
    scene: {
      layers: {
        showDraft: (draft: { info: { id: string } }) => {
          shown = draft.info.id;
        },
        hideDraft: () => {
          shown = undefined;
        },
        refreshDraft() {},
      },
      stage: { reveal() {} },
    },
    layer,
    layers: {},
    images: { predictions: async () => [{ id: "of b", layer: "b", has_maps: false }] },
    attempt: async <T>(edit: () => Promise<T>) => edit().catch(() => undefined),
  } as unknown as DraftDeskParts;
  drafts = new DraftDesk(parts);
  review = new Review({ ...parts, drafts, goTo: async () => undefined });
  const row = { kind: "prediction", n_instances: 1, n_proposed: 1, name: "", created_at: "" };
  drafts.setRows([{ ...row, id: "a" } as never, { ...row, id: "b" } as never]);
});
afterEach(() => {
  drafts.close();
  layer.close();
  vi.unstubAllGlobals();
});

const letGo = (id: string) => held.get(id)?.();

describe("choosing drafts faster than they load", () => {
  test("one plane is made of a draft that is asked for twice", async () => {
    const both = [layer.openDraft("a"), layer.openDraft("a")];
    letGo("a");
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(server.layer).toHaveBeenCalledTimes(1);
  });

  test("A, B, A ends with a draft that can be decided", async () => {
    const choices = [drafts.choose("a"), drafts.choose("b"), drafts.choose("a")];
    letGo("b");
    letGo("a");
    await Promise.all(choices);
    expect(shown).toBe("a");
    expect(drafts.draft?.instances.countIn("proposed")).toBe(1);
    model.selectedDraft.value = 11;
    review.accept();
    await until(() => layer.instances.count === 1, "the accepted object");
    expect([...layer.drafts.keys()]).toEqual(["a"]);
  });

  test("A, B, A, B leaves only B open", async () => {
    const choices = ["a", "b", "a", "b"].map((id) => drafts.choose(id));
    letGo("a");
    letGo("b");
    await Promise.all(choices);
    expect(shown).toBe("b");
    expect([...layer.drafts.keys()]).toEqual(["b"]);
  });

  test("a draft that fails to open does not undo a later choice", async () => {
    const failed = drafts.choose("a");
    const chosen = drafts.choose("b");
    vi.spyOn(server, "manifest").mockRejectedValueOnce(new Error("lost"));
    letGo("a");
    await failed;
    letGo("b");
    await chosen;
    expect(model.draftId.value).toBe("b");
    expect(shown).toBe("b");
  });

  test("a draft that failed to open can be chosen again", async () => {
    vi.spyOn(server, "manifest").mockRejectedValueOnce(new Error("lost"));
    const failed = drafts.choose("a");
    letGo("a");
    await failed;
    expect(model.draftId.value).toBeUndefined();
    const again = drafts.choose("a");
    letGo("a");
    await again;
    expect(shown).toBe("a");
  });
});

test("what a draft is saved from is the prediction whose layer it is", async () => {
  expect((await drafts.predictionOf("b"))?.id).toBe("of b");
  expect(await drafts.predictionOf("a")).toBeUndefined();
});
