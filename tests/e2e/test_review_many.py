"""The way through a draft, and accepting many of its objects at once, in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import store_prediction
from annotations.actions.labels import ensure_annotation_layer
from tests.annotations.painting import paint_box
from tests.factories import RegionFactory

# Corner and side of squares by id: 1 and 2 lie far from 3 and 4.
SQUARES = {1: (10, 10, 12), 2: (10, 40, 40), 3: (190, 250, 20), 4: (190, 200, 30)}
SCORES = [0.9, 0.3, 0.8, 0.6]


@pytest.fixture
def draft(image):
    label_image = np.zeros((image.height, image.width), np.uint32)
    for instance_id, (row, column, side) in SQUARES.items():
        label_image[row : row + side, column : column + side] = instance_id
    return store_prediction(
        image=image, name="v1", label_image=label_image, scores=np.array(SCORES)
    )


def opened(open_editor):
    editor = open_editor()
    editor.until("(editor) => editor.model.draftCounts.value.left > 0")
    return editor


def order(editor, n):
    found = []
    for _ in range(n):
        editor.page.keyboard.press(".")
        found.append(editor.tell("(editor) => editor.model.selectedDraft.value"))
    return found


def test_objects_come_in_the_order_that_was_chosen(open_editor, draft):
    editor = opened(open_editor)
    page = editor.page
    assert "4 of 4 left" in page.inner_text(".panel")
    choice = page.get_by_label("Order")

    choice.select_option("score")
    assert order(editor, 4) == [2, 4, 3, 1]
    page.keyboard.press("Escape")
    choice.select_option("size")
    assert order(editor, 4) == [2, 4, 3, 1]
    page.keyboard.press("Escape")
    choice.select_option("near")
    way = order(editor, 4)
    assert {frozenset(way[:2]), frozenset(way[2:])} == {frozenset({1, 2}), frozenset({3, 4})}

    # It is kept for the next visit.
    editor.reload()
    editor.until("(editor) => editor.model.draftCounts.value.left === 4")
    assert page.get_by_label("Order").input_value() == "near"
    assert editor.problems == []


def test_many_are_accepted_by_score_size_and_place(open_editor, image, draft, annotator):
    layer = ensure_annotation_layer(user=annotator, image=image)
    RegionFactory(image=image, layer=layer, row0=180, col0=190, row1=240, col1=300)
    editor = opened(open_editor)
    page = editor.page
    page.click("text=Accept many at once")
    button = page.locator(".sub .button")
    said = button.inner_text

    assert said() == "Accept 2 objects"  # a score of .8 or more
    slider = page.get_by_label("Score from")
    slider.fill("0.5")
    assert said() == "Accept 3 objects"
    page.get_by_label("from", exact=True).fill("200")
    page.keyboard.press("Tab")
    editor.wait_for(lambda: said() == "Accept 2 objects")  # without the smallest one
    where = page.locator(".field", has_text="In the whole image").locator("select")
    where.select_option(label="Region 1: Complete")
    page.get_by_label("to", exact=True).fill("500")
    page.keyboard.press("Tab")
    editor.wait_for(lambda: said() == "Accept 1 object")

    button.click()
    editor.until("(editor) => editor.model.draftCounts.value.left === 3")
    assert "3 of 4 left" in page.inner_text(".panel")
    assert editor.tell("(editor) => editor.layer.instances.count") == 1
    assert editor.problems == []


@pytest.mark.parametrize(
    ("rule", "n_objects", "mine_px"), [("objects", 5, 400), ("pixels", 6, 400), ("none", 5, 0)]
)
def test_what_is_there_already_is_spared_as_told(
    open_editor, image, draft, annotator, rule, n_objects, mine_px
):
    layer = ensure_annotation_layer(user=annotator, image=image)
    mine = paint_box(annotator, layer, (10, 40, 20, 80))  # a quarter of the second
    other = paint_box(annotator, layer, (60, 100, 70, 110))
    editor = opened(open_editor)
    page = editor.page
    page.click("text=Accept many at once")
    page.get_by_label("Score from").fill("0")
    page.get_by_label("Where they meet your objects").select_option(rule)

    page.locator(".sub .button").click()

    editor.until("(editor) => editor.layer.instances.count > 2")
    areas = "(editor, ids) => ids.map((id) => editor.layer.instances.areaOf(id))"
    assert editor.tell(areas, [mine, other]) == [mine_px, 100]
    assert editor.tell("(editor) => editor.layer.instances.count") == n_objects
    editor.tell("(editor) => editor.view.focusStage()")
    page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.instances.count === 2")
    assert editor.problems == []
