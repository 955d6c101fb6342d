"""Drafts in a real browser: what is drawn of them, in which order they come, and where never."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import store_prediction
from annotations.models import Instance, LabelLayer, Purpose, Region
from tests.factories import RegionFactory

# Of the draft's amber in a box of image pixels, read from the canvases that lie over the image.
AMBER = """
window.amber = ([x0, y0, x1, y1]) => {
  const stage = document.querySelector(".stage");
  const session = stage?.editorSession;
  let n = 0;
  for (const canvas of document.querySelectorAll(".stage-surface")) {
    const view = session?.scene.stage.view();
    const density = canvas.width / Math.max(1, canvas.clientWidth);
    const { a, e, f } = view?.toScreen ?? { a: 0, e: 0, f: 0 };
    const at = (v, shift) => Math.round((v * a + shift) * density);
    // Before the session is known every pixel of the canvas counts.
    const box = view
      ? [at(x0, e), at(y0, f), at(x1, e) - at(x0, e), at(y1, f) - at(y0, f)]
      : [0, 0, canvas.width, canvas.height];
    if (box[2] < 1 || box[3] < 1) continue;
    const { data } = canvas.getContext("2d").getImageData(...box);
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b, alpha] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
      // The hues of drafts are 30 to 62 degrees; regions and annotations have none of them.
      if (alpha > 20 && r > 120 && r >= g && g > 0.45 * r && b < 0.45 * r) n++;
    }
  }
  return n;
};
"""

# Looks at one box in every frame from the first on.
WATCH = """
window.mostAmber = 0;
const look = () => {
  if (window.watched) window.mostAmber = Math.max(window.mostAmber, window.amber(window.watched));
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""

SQUARES = {1: (20, 20), 2: (20, 90), 3: (20, 160), 4: (100, 20)}  # row and column of the corner
SIDE = 30


@pytest.fixture
def draft(image):
    """A draft of four squares; the third changes when the image is turned."""
    label_image = np.zeros((image.height, image.width), np.uint32)
    for instance_id, (row, column) in SQUARES.items():
        label_image[row : row + SIDE, column : column + SIDE] = instance_id
    layer = store_prediction(
        image=image, name="v1", label_image=label_image, scores=np.array([0.9, 0.3, 0.8, 0.6])
    )
    Instance.objects.filter(layer=layer, instance_id=3).update(doubt=0.9)
    return layer


def square(instance_id):
    row, column = SQUARES[instance_id]
    return [column, row, column + SIDE, row + SIDE]


def amber(editor, box):
    return editor.page.evaluate("(box) => window.amber(box)", box)


def steady(look):
    """Look until it shows twice the same: everything is drawn that was asked for."""
    before = look()
    while (now := look()) != before:
        before = now
    return now


def chosen(editor):
    return editor.tell("(editor) => editor.model.selectedDraft.value")


def test_drafts_come_by_doubt_and_leave_finished_work_alone(open_editor, draft):
    editor = open_editor(script=AMBER)
    editor.until("(editor) => editor.model.draftCounts.value.left === 4")
    page = editor.page
    editor.wait_for(lambda: all(amber(editor, square(number)) > 50 for number in SQUARES))

    order, said = [], []
    for _ in SQUARES:
        page.keyboard.press(".")
        order.append(chosen(editor))
        said.append(page.locator(".section").first.inner_text())

    # The doubt of the third, then 1 - score.
    assert order == [3, 2, 4, 1]
    assert "Changes when the image is turned: 90\N{NO-BREAK SPACE}%" in said[0]
    assert "Score 0.30" in said[1]

    page.keyboard.press("Escape")
    editor.tell("(editor) => { editor.model.radius.value = 14; }")
    editor.stroke((25, 30), (45, 30), (45, 42), (25, 42))
    editor.until("(editor) => editor.model.draftCounts.value.left === 3")
    editor.wait_for(lambda: amber(editor, square(1)) == 0)
    assert amber(editor, square(2)) > 50
    page.keyboard.press(".")
    page.keyboard.press(",")
    assert chosen(editor) == 4  # the last of those that are left

    page.keyboard.press("Escape")
    editor.wait_until_still()
    page.mouse.move(*editor.on_screen(150, 120))
    (left, top), (right, bottom) = editor.on_screen(20, 20), editor.on_screen(50, 50)
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    without = steady(lambda: page.screenshot(clip=clip))
    page.keyboard.press("Shift+F")
    editor.wait_for(lambda: page.screenshot(clip=clip) != without)
    assert "3 of 4 left" in page.inner_text(".panel")
    assert editor.problems == []


def test_a_blind_region_never_shows_a_draft(open_editor, image, draft):
    layer = LabelLayer.objects.get(image=image, kind="annotation")
    blind = {"row0": 0, "col0": 0, "row1": 60, "col1": 140}  # squares 1 and 2
    region = RegionFactory(
        image=image, layer=layer, purpose=Purpose.BLIND_VALIDATION, coverage="complete", **blind
    )
    inside = "window.watched = [0, 0, 140, 60];"
    editor = open_editor(script=AMBER + WATCH + inside)
    page = editor.page
    page.wait_for_timeout(600)

    # While it is open nothing of a draft is seen anywhere beside it either.
    assert amber(editor, [0, 0, image.width, image.height]) == 0
    assert "Drafts are hidden" in page.inner_text(".panel")
    page.keyboard.press(".")
    assert chosen(editor) == 0

    page.click(".region-head:has-text('blind')")
    page.get_by_role("button", name="Submit region").click()
    editor.until("(editor) => editor.model.regions.value[0].state === 'submitted'")
    editor.until("(editor) => editor.model.draftCounts.value.left === 2")
    page.keyboard.press("0")
    assert Region.objects.get(pk=region.pk).state == "submitted"
    editor.wait_for(lambda: amber(editor, square(3)) > 50 and amber(editor, square(4)) > 50)
    editor.wait_until_still()
    assert page.evaluate("() => window.mostAmber") == 0

    page.keyboard.press("Shift+F")
    editor.wait_for(lambda: amber(editor, square(1)) > 5)
    assert editor.problems == []


def test_the_next_doubtful_object_comes_to_the_middle(open_editor, image):
    editor = open_at_next_doubtful(open_editor, image, row=120, col=160)

    stage = editor.page.locator(".stage").bounding_box()
    middle = [stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2]

    def distance():
        there = editor.on_screen(161.5, 121.5)
        return max(abs(a - b) for a, b in zip(there, middle, strict=True))

    editor.wait_for(lambda: distance() < 3)
    assert editor.problems == []


def test_at_a_corner_of_the_image_the_next_doubtful_object_leaves_a_rim_empty(open_editor, image):
    editor = open_at_next_doubtful(open_editor, image, row=0, col=0)

    stage = editor.page.locator(".stage").bounding_box()
    rim = 48

    def distance():
        left, top = editor.on_screen(0, 0)
        return max(abs(left - stage["x"] - rim), abs(top - stage["y"] - rim))

    editor.wait_for(lambda: distance() < 3)
    assert editor.problems == []


def open_at_next_doubtful(open_editor, image, *, row, col):
    """Open an image whose draft has one tiny object, and go to it."""
    tiny = np.zeros((image.height, image.width), np.uint32)
    tiny[row : row + 3, col : col + 3] = 1
    store_prediction(image=image, name="v1", label_image=tiny, scores=np.array([0.4]))
    editor = open_editor()
    editor.until("(editor) => editor.model.draftCounts.value.left === 1")
    editor.page.keyboard.press(".")
    return editor
