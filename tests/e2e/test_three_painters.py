"""Three people paint the same place over a bad network while a fourth looks on."""

from __future__ import annotations

import base64
import random
from collections import Counter

import numpy as np

from annotations.labels import ops
from annotations.models import LabelLayer, LabelOp
from annotations.queries.chunks import pixels_of, present_digests
from tests.annotations.painting import check_in_step

SEED = 20261130
PLACE = (40, 40, 200, 200)  # x0, y0, x1, y1: everybody paints here
EDITS = 75  # of each person, twice

# A person at work in a small place: all tools that write pixels, with short pauses. The page goes
# on while this runs; `window.work` tells how far it is.
WORK = """(editor, { seed, nEdits, place: [x0, y0, x1, y1] }) => {
  const { layer } = editor;
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const pick = (from) => from[Math.floor(random() * from.length)];
  const pause = () => new Promise((done) => setTimeout(done, random() * 30));
  const point = () => ({ x: x0 + random() * (x1 - x0), y: y0 + random() * (y1 - y0) });
  const work = (window.work = { isDone: false, fault: null, kinds: [] });
  const own = [layer.nextInstanceId()];
  const stroke = async (kind) => {
    if (random() < 0.3) own.push(layer.nextInstanceId());
    const mode = pick(["preserve", "overwrite", "inside", "locked"]);
    const radius = 2 + random() * 20;
    const open = layer.beginStroke({ kind, instanceId: pick(own), radius, mode });
    for (let n = 0; n < 1 + random() * 4; n++) {
      open.move([point(), point()]);
      await pause();
    }
    if (random() < 0.1) open.cancel();
    else if (await open.commit()) work.kinds.push(kind === "brush" ? mode : kind);
  };
  const edit = async () => {
    const luck = random();
    if (luck < 0.15) return layer.undo();
    if (luck < 0.2) return layer.redo();
    if (luck < 0.24) return layer.deleteInstance(pick(own));
    if (luck < 0.28) return layer.merge(pick(own), pick(own));
    return stroke(pick(["brush", "brush", "brush", "brush", "erase-selected", "erase-any"]));
  };
  const all = async () => {
    for (let n = 0; n < nEdits; n++) {
      // What cannot be done (an object that is gone) is refused with a code.
      await edit().catch((error) => { if (!error.code) throw error; });
      await pause();
    }
  };
  all().catch((error) => { work.fault = String(error); }).finally(() => { work.isDone = true; });
}"""

# All chunks as raw bytes, row by row of chunks.
CHUNKS = """(editor) => {
  const { layer } = editor;
  const { width, height } = layer.info;
  const texts = [];
  for (let cy = 0; cy * 512 < height; cy++) {
    for (let cx = 0; cx * 512 < width; cx++) {
      const bytes = new Uint8Array(layer.chunkAt(cy, cx)?.slice().buffer ?? 0);
      let text = "";
      for (let at = 0; at < bytes.length; at += 4096) {
        text += String.fromCharCode(...bytes.subarray(at, at + 4096));
      }
      texts.push([cy, cx, btoa(text)]);
    }
  }
  return texts;
}"""


class BadNetwork:
    """Loses a fifth of the requests, and of another fifth the answers."""

    def __init__(self, seed):
        self.luck = random.Random(seed)
        self.n = Counter()

    def __call__(self, route):
        luck = self.luck.random()
        if luck < 0.2:
            self.n["lost request"] += 1
            route.abort()
        elif luck < 0.4:
            self.n["lost answer"] += 1
            route.fetch()
            route.abort()
        else:
            self.n["passed"] += 1
            route.continue_()


def chunks_of(editor):
    """Return the page's labels by chunk, without what is empty."""
    found = {}
    for cy, cx, text in editor.tell(CHUNKS):
        labels = np.frombuffer(base64.b64decode(text), "<u4")
        if labels.any():
            found[cy, cx] = labels.reshape(512, 512)
    return found


def stored_chunks(layer):
    found = {place: pixels_of(digest) for place, digest in present_digests(layer).items()}
    return {place: labels for place, labels in found.items() if labels.any()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for place, labels in one.items():
        assert np.array_equal(labels, other[place])


def work_at_once(painters, round_number):
    """Let all of them work, each by a plan of their own, until they are done."""
    for number, editor in enumerate(painters):
        plan = {"seed": SEED + 10 * round_number + number, "nEdits": EDITS, "place": PLACE}
        editor.tell(WORK, plan)
    for editor in painters:
        editor.wait_for(lambda page=editor.page: page.evaluate("() => window.work.isDone"))
        assert editor.page.evaluate("() => window.work.fault") is None


def paint_by_hand(editor, number):
    """Two strokes across everybody's place with the mouse; the second is taken back by key."""
    y = PLACE[1] + 30 + 40 * number
    for n in range(2):
        editor.stroke((PLACE[0] + 5, y + 15 * n), (PLACE[2] - 5, y + 20 * n))
    editor.page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.history.value.canRedo && !editor.layer.isBusy")


def reversals(layer):
    """Yield every undo and redo of the log with the op that it names."""
    rows = list(LabelOp.objects.filter(layer=layer).order_by("seq"))
    by_name = {(str(row.session), row.n): row for row in rows}
    for row in rows:
        of = row.meta.get("undo_of") or row.meta.get("redo_of")
        if of:
            yield row, by_name[of["session"], of["n"]]


def runs_of(row):
    return ops.decode(ops.unpack(bytes(row.body)))


def test_three_painters_and_a_watcher_end_with_the_same_pixels(
    open_editor, image, annotator, reviewer, owner, viewer
):
    people = [annotator, reviewer, owner]
    painters = [open_editor(user=person) for person in people]
    watcher = open_editor(user=viewer)
    network = BadNetwork(SEED)
    for editor in painters:
        editor.page.route("**/ops/", network)

    work_at_once(painters, 1)
    for number, editor in enumerate(painters):
        paint_by_hand(editor, number)
    work_at_once(painters, 2)
    for editor in painters:
        # An answer that is being lost just now may go on on its own.
        editor.page.unroute_all(behavior="ignoreErrors")
        editor.tell("(editor) => editor.retrySaving()")
    for editor in painters:
        editor.wait_until_saved()

    layer = LabelLayer.objects.get(image=image)
    everybody = [*painters, watcher]
    for editor in everybody:
        editor.wait_for(
            lambda one=editor: one.tell("(editor) => editor.layer.plane.replica.seq") == layer.seq
        )
        assert editor.tell("(editor) => editor.layer.plane.replica.pending.length") == 0
        assert_same(chunks_of(editor), stored_chunks(layer))
        assert editor.problems == []
    assert painted_in(layer) > 1000
    check_in_step(layer)

    rows = LabelOp.objects.filter(layer=layer)
    assert rows.count() >= 300
    assert list(rows.order_by("seq").values_list("seq", flat=True)) == [*range(1, layer.seq + 1)]
    assert len(set(rows.values_list("session", "n"))) == rows.count()
    assert {row.user_id for row in rows} == {person.pk for person in people}
    kinds = {kind for one in painters for kind in one.page.evaluate("() => window.work.kinds")}
    assert kinds == {"preserve", "overwrite", "inside", "locked", "erase-selected", "erase-any"}
    assert min(network.n["lost request"], network.n["lost answer"]) > 5

    undoing = Counter()
    for row, done in reversals(layer):
        assert row.user_id == done.user_id
        back, part = runs_of(row), ops.taking_back(runs_of(row), runs_of(done))
        assert {at: runs.n_pixels for at, runs in part.items()} == {
            at: runs.n_pixels for at, runs in back.items()
        }
        undoing[row.user_id] += row.n_pixels
    assert all(undoing[person.pk] > 0 for person in people)


def painted_in(layer):
    return sum(int((labels > 0).sum()) for labels in stored_chunks(layer).values())
