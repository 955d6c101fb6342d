"""Who did what, what was, and how it comes back; in real browsers with two people."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotations.actions.drafts import store_prediction
from annotations.models import ChunkState, Instance, LabelLayer, LabelOp
from annotations.queries.history import thin_out
from tests.annotations.painting import label_image_at, picture
from tests.e2e.editor import stored_labels

BOX = (0, 0, 240, 200)

READ_PAST = """(editor, [x0, y0, x1, y1]) => {
  const past = editor.scene.layers.shownLabels;
  const rows = [];
  for (let y = y0; y < y1; y++) {
    const row = [];
    for (let x = x0; x < x1; x++) row.push(past.labelAt({ x: x + 0.5, y: y + 0.5 }));
    rows.push(row);
  }
  return rows;
}"""


def shown(editor, box=BOX):
    """Return the labels that are drawn, be they of now or of then."""
    return np.array(editor.tell(READ_PAST, list(box)))


def stroke(editor, *points):
    editor.stroke(*points)
    editor.wait_until_saved()


def travel(editor, place):
    """Click a step of the list, 0 being the newest, and wait until it is shown."""
    row = editor.page.locator(".history-step").nth(place)
    row.click()
    editor.wait_for(lambda: row.get_attribute("aria-current") == "true", "the step")
    editor.until("(editor) => !editor.travel.isBusy.value")


def n_steps(editor, n):
    editor.wait_for(lambda: editor.page.locator(".history-step").count() == n, f"{n} steps")


@pytest.fixture
def two(open_editor, image, owner):
    """Two editors after three strokes, and the layer after each of them."""
    ana, ben = open_editor(), open_editor(user=owner)
    stroke(ana, (60, 60), (120, 60))
    stroke(ben, (60, 120), (140, 120))
    stroke(ben, (200, 60), (200, 120))
    ana.until("(editor) => editor.layer.plane.replica.seq === 3")
    return ana, ben


def state_at(image, seq, box=BOX):
    layer = LabelLayer.objects.get(image=image)
    return label_image_at(layer, seq, (box[1], box[0], box[3], box[2]))


def test_the_list_says_who_did_what_and_follows(two, annotator, owner):
    ana, ben = two
    ana.page.keyboard.press("t")
    n_steps(ana, 3)

    said = ana.page.locator(".history-step").all_inner_texts()
    assert [text.split("\n")[0] for text in said] == ["Brush stroke"] * 3
    assert owner.username in said[0]
    assert annotator.username in said[2]
    assert "just now" in said[0] or "min ago" in said[0]
    stroke(ben, (30, 30), (30, 40))
    n_steps(ana, 4)
    ana.page.locator(".history-step").nth(3).hover()
    outline = ana.tell("(editor) => editor.scene.outline.box")
    assert outline["x0"] < 60 < outline["x1"]
    assert outline["y0"] < 60 < outline["y1"]
    assert ana.problems == ben.problems == []


def test_time_travel_shows_exactly_what_was_and_is_read_only(two, image, annotator):
    ana, ben = two
    stroke(ben, (90, 40), (90, 160))
    ana.until("(editor) => editor.layer.plane.replica.seq === 4")
    now = shown(ana)
    # Of all this only the newest state is stored any more.
    then = timezone.now() - timedelta(days=30)
    ChunkState.objects.update(created_at=then)
    LabelOp.objects.update(created_at=then)
    thin_out(timezone.now())
    page = ana.page

    page.keyboard.press("t")
    n_steps(ana, 4)
    travel(ana, 3)
    assert np.array_equal(shown(ana), state_at(image, 1))
    said = page.inner_text(".past")
    assert f"after {annotator.username}" in said
    assert "read only" in said
    ana.page.keyboard.press("ArrowRight")
    ana.until("(editor) => editor.travel.step.value?.seq === 2")
    assert np.array_equal(shown(ana), state_at(image, 2))
    page.keyboard.press("ArrowLeft")
    ana.until("(editor) => editor.travel.step.value?.seq === 1")
    page.keyboard.press("b")
    ana.stroke((150, 150), (180, 150))
    page.locator(".notice", has_text="This is the past, which is read only").wait_for()
    page.keyboard.press("Control+z")
    # What others do meanwhile is not of then.
    stroke(ben, (20, 20), (40, 20))
    ana.until("(editor) => editor.layer.plane.replica.seq === 5")
    assert np.array_equal(shown(ana), state_at(image, 1))

    page.keyboard.press("Escape")
    ana.until("(editor) => !editor.travel.isAway")
    assert np.array_equal(shown(ana) > 0, (now > 0) | (state_at(image, 5) > 0))
    assert np.array_equal(shown(ana), state_at(image, 5))
    assert LabelLayer.objects.get(image=image).seq == 5, "nothing was painted or undone"
    stroke(ana, (150, 150), (180, 150))  # and now it is
    assert ana.problems == ben.problems == []


def test_one_object_comes_back_and_undo_takes_it_away_again(two, image):
    ana, ben = two
    before = np.array(stored_labels(image, *BOX))
    one = before[60, 90]
    ana.page.keyboard.press("v")
    ana.stroke((90, 60))
    ana.page.keyboard.press("Delete")
    ana.wait_until_saved()
    ben.until("(editor) => editor.layer.plane.replica.seq === 4")
    stroke(ben, (100, 40), (100, 80))  # an object where that one was
    ana.until("(editor) => editor.layer.plane.replica.seq === 5")
    deleted = np.array(stored_labels(image, *BOX))
    assert not (deleted == one).any()
    other = deleted[60, 100]
    lost = int(((deleted == other) & (before == one)).sum())

    ana.page.keyboard.press("t")
    n_steps(ana, 5)
    travel(ana, 2)
    ana.stroke((90, 60))
    effect = ana.page.locator(".past-effect", has_text="object comes back")
    effect.wait_for()
    assert f"object {other} loses {lost} px" in effect.inner_text()
    ana.page.get_by_role("button", name=f"Restore object {one}").click()
    ana.page.locator(".notice", has_text="is as it was").wait_for()
    ana.wait_until_saved()

    restored = np.array(stored_labels(image, *BOX))
    assert np.array_equal(restored == one, before == one)
    changed = restored != deleted
    assert np.array_equal(changed, before == one), "nothing but the object"
    assert LabelOp.objects.get(layer__image=image, seq=6).kind == "restore"
    n_steps(ana, 6)
    ana.page.keyboard.press("Control+z")
    ana.wait_until_saved()
    assert np.array_equal(stored_labels(image, *BOX), deleted)
    ben.until("(editor) => editor.layer.plane.replica.seq === 7")
    assert np.array_equal(shown(ben), deleted)
    assert ana.problems == ben.problems == []


def test_a_part_that_was_drawn_as_a_box_comes_back(two, image):
    ana, ben = two
    before = state_at(image, 3)
    stroke(ben, (60, 60), (60, 160))
    ben.page.keyboard.press("c")
    stroke(ben, (110, 40), (110, 140))
    ana.until("(editor) => editor.layer.plane.replica.seq === 5")
    now = np.array(stored_labels(image, *BOX))

    ana.page.keyboard.press("t")
    n_steps(ana, 5)
    travel(ana, 2)
    ana.page.get_by_role("button", name="Draw a box to restore").click()
    ana.stroke((80, 80), (180, 180))
    ana.page.get_by_role("button", name="Restore this part").click()
    ana.page.locator(".notice", has_text="This part is as it was").wait_for()
    ana.wait_until_saved()

    expected = now.copy()
    expected[80:180, 80:180] = before[80:180, 80:180]
    assert np.array_equal(stored_labels(image, *BOX), expected)
    assert ana.problems == ben.problems == []


def test_an_object_says_who_made_and_who_changed_it(two, image, annotator, owner):
    ana, ben = two
    stroke(ben, (60, 60), (60, 90))  # the same object, on
    ana.page.keyboard.press("v")
    ana.stroke((90, 60))

    blame = ana.page.locator(".blame", has_text=f"last changed by {owner.username}")
    blame.wait_for()
    assert blame.inner_text().startswith(f"Made by {annotator.username} on ")
    ana.page.get_by_role("button", name="Show its steps").click()
    n_steps(ana, 2)
    assert "Steps of object" in ana.page.inner_text(".history-object")
    ana.page.get_by_role("button", name="Show the steps of all objects").click()
    n_steps(ana, 4)
    assert ana.problems == ben.problems == []


def test_a_bulk_accept_is_one_step_and_is_undone_after_a_reload(open_editor, image):
    side, n_cols = 3, image.width // 4
    n = 3000
    label_image = np.zeros((image.height, image.width), np.uint32)
    for i in range(n):
        row, col = divmod(i, n_cols)
        label_image[row * 4 : row * 4 + side, col * 4 : col * 4 + side] = i + 1
    n = int(label_image.max())
    store_prediction(
        image=image, name="stardist v3", label_image=label_image, scores=np.full(n, 0.9)
    )
    editor = open_editor()
    stroke(editor, (10, 230), (60, 230))
    annotation = LabelLayer.objects.get(image=image, kind="annotation")
    mine = picture(annotation)
    page = editor.page

    page.get_by_text("Accept many at once").click()
    page.get_by_role("button", name="Accept 3,000 objects").click()
    editor.wait_until_saved()
    accepted = Instance.objects.filter(layer__image=image, layer__kind="annotation", area_px__gt=0)
    editor.wait_for(lambda: accepted.count() > 2000, "the accept")
    editor.reload()
    page.keyboard.press("t")
    n_steps(editor, 2)
    newest = page.locator(".history-step").first
    editor.wait_for(lambda: "Accepting" in newest.inner_text(), "the accept in the list")
    assert "of stardist v3" in newest.inner_text()
    page.keyboard.press("t")
    page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.history.value.undoKind === 'brush'")
    editor.wait_until_saved()

    assert np.array_equal(picture(annotation), mine)
    draft = Instance.objects.filter(layer__image=image, layer__kind="prediction")
    assert set(draft.values_list("state", flat=True)) == {"proposed"}
    assert editor.problems == []
