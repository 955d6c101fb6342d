"""Very many objects in a real browser: listed, filtered, chosen, changed, and brought back."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as Pil

from annotations.actions.drafts import store_prediction
from annotations.actions.label_imports import import_label_image
from annotations.exchange import label_files
from annotations.models import Instance, InstanceState, LabelLayer, LabelOp, Split

SIDE, PITCH, SMALL = 4096, 18, 8
ACROSS = SIDE // PITCH  # 227: more than 50,000 objects in all
N = 50_000

# Counts of rows that the page has made of the list, and of all that it has.
ROWS = "() => document.querySelectorAll('.object-grid [role=row]').length"
LISTED = "(editor) => editor.list.listed.value?.order.length"
ALIVE = "(editor) => editor.layer.instances.count"


def many_squares() -> np.ndarray:
    """Squares in rows, ids from left to right; every tenth is 14 pixels wide, the others 8."""
    label_image = np.zeros((SIDE, SIDE), np.uint32)
    for instance_id in range(1, N + 1):
        row, column = divmod(instance_id - 1, ACROSS)
        side = 14 if instance_id % 10 == 0 else SMALL
        y, x = row * PITCH + 1, column * PITCH + 1
        label_image[y : y + side, x : x + side] = instance_id
    return label_image


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Pil.fromarray(np.full((SIDE, SIDE), 90, np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def layer(image, annotator):
    """The image's annotation, imported from a label TIFF."""
    file = io.BytesIO()
    tifffile.imwrite(file, many_squares(), compression="zlib")
    file.seek(0)
    label_image = label_files.read(file, size=(image.height, image.width))
    return import_label_image(
        user=annotator, image=image, label_image=label_image, split=Split.TRAIN, source="many.tif"
    ).layer


def open_list(editor):
    editor.page.locator(".object-list > summary").click()
    editor.until("(editor) => editor.list.listed.value !== undefined")


def n_listed(editor):
    return editor.tell(LISTED)


def alive_on_server(layer):
    return Instance.objects.filter(layer=layer, area_px__gt=0).count()


def test_fifty_thousand_objects_are_listed_filtered_deleted_and_brought_back(
    open_editor, image, layer
):
    editor = open_editor()
    page = editor.page
    editor.until(f"(editor) => editor.layer.instances.count === {N}")
    open_list(editor)
    assert n_listed(editor) == N
    assert page.evaluate(ROWS) < 60

    # The last one is as near as the first.
    page.locator(".object-grid").focus()
    page.keyboard.press("End")
    assert editor.tell("(editor) => editor.model.selected.value") == N
    page.keyboard.press("Home")
    for digit in "49999":
        page.keyboard.press(digit)
    assert editor.tell("(editor) => editor.model.selected.value") == 49_999
    row = page.locator("#object-row-49999")
    assert row.get_attribute("aria-current") == "true"
    assert row.is_visible()
    editor.wait_until_still()
    row_of_last, column_of_last = divmod(49_998, ACROSS)
    assert editor.tell(
        "({ scene }, [x, y]) => { const { visible: v } = scene.stage.view();"
        " return v.x0 < x && x < v.x1 && v.y0 < y && y < v.y1; }",
        [column_of_last * PITCH + 4, row_of_last * PITCH + 4],
    )
    editor.wait_for(lambda: page.evaluate(ROWS) < 60)

    page.get_by_role("button", name="Area px").click()
    page.get_by_role("button", name="Area px").click()
    page.keyboard.press("Escape")
    page.get_by_label("Area px from").fill("100")
    editor.until(f"(editor) => editor.list.listed.value.order.length === {N // 10}")
    page.get_by_role("button", name="Choose all that match").click()
    assert page.inner_text(".chosen-count") == "5,000 objects"
    page.keyboard.press("Delete")
    editor.until(f"(editor) => editor.layer.instances.count === {N - N // 10}")
    editor.wait_for(lambda: "5,000 objects deleted" in page.inner_text(".notices"))
    editor.until("(editor) => editor.list.listed.value.order.length === 0")
    assert "No object matches this filter" in page.inner_text(".object-list")
    editor.wait_until_saved()
    assert alive_on_server(layer) == N - N // 10
    ops = LabelOp.objects.filter(layer=layer, kind="delete")
    assert len({op.meta["group"] for op in ops}) == 1

    page.keyboard.press("Control+z")
    editor.until(f"(editor) => editor.layer.instances.count === {N}")
    editor.wait_until_saved()
    assert alive_on_server(layer) == N
    assert editor.problems == []


def test_objects_in_a_box_are_chosen_merged_classified_and_taken_back(open_editor, image, layer):
    editor = open_editor()
    page = editor.page
    editor.until(f"(editor) => editor.layer.instances.count === {N}")
    editor.tell("({ scene }) => scene.stage.showBox({ x0: 0, y0: 0, x1: 200, y1: 200 }, true)")
    editor.wait_until_still()
    page.keyboard.press("s")
    editor.stroke((0, 0), (90, 54))  # five columns of three rows
    assert page.inner_text(".chosen-count") == "15 objects"
    page.keyboard.down("Shift")
    editor.stroke((0, 54), (54, 72))
    page.keyboard.up("Shift")
    assert page.inner_text(".chosen-count") == "18 objects"
    page.mouse.click(*editor.on_screen(5, 5))
    assert page.inner_text(".chosen-count") == "17 objects"

    page.get_by_role("button", name="Make the chosen one object").click()
    editor.until(f"(editor) => editor.layer.instances.count === {N - 16}")
    editor.wait_until_saved()
    assert alive_on_server(layer) == N - 16
    page.keyboard.press("Control+z")
    editor.until(f"(editor) => editor.layer.instances.count === {N}")

    page.keyboard.press("Control+a")
    n_chosen = editor.tell("(editor) => editor.model.chosen.value.ids.size")
    assert 100 <= n_chosen < 1000
    editor.tell("(editor) => editor.many.setClass('mitosis')")
    editor.wait_until_saved()
    assert Instance.objects.filter(layer=layer, class_name="mitosis").count() == n_chosen
    page.keyboard.press("Control+z")
    editor.wait_until_saved()
    assert not Instance.objects.filter(layer=layer, class_name="mitosis").exists()
    page.keyboard.press("Escape")
    assert page.locator(".chosen-bar").count() == 0
    assert editor.problems == []


@pytest.fixture
def draft(image):
    """A draft whose scores grow with the ids."""
    scores = np.linspace(0, 1, N)
    return store_prediction(image=image, name="v1", label_image=many_squares(), scores=scores)


def test_a_draft_is_filtered_by_score_accepted_in_part_and_rejected_in_part(
    open_editor, image, draft
):
    editor = open_editor()
    page = editor.page
    editor.until(f"(editor) => editor.model.draftCounts.value.left === {N}")
    open_list(editor)
    page.get_by_role("group", name="Whose objects are listed").get_by_text("Draft").click()
    editor.until(f"(editor) => editor.list.listed.value.order.length === {N}")
    page.get_by_role("spinbutton", name="Score from").fill("0.99")
    editor.until("(editor) => editor.list.listed.value.order.length === 500")
    page.get_by_role("button", name="Choose all that match").click()
    page.keyboard.press("a")
    editor.until("(editor) => editor.layer.instances.count === 500")
    editor.wait_until_saved()
    own = LabelLayer.objects.get(image=image, kind="annotation")
    assert alive_on_server(own) == 500
    assert Instance.objects.filter(layer=draft, state=InstanceState.ACCEPTED).count() == 500

    page.get_by_role("spinbutton", name="Score from").fill("")
    page.get_by_role("spinbutton", name="Score to").fill("0.5")
    editor.until(f"(editor) => editor.list.listed.value.order.length === {N // 2}")
    page.get_by_role("button", name="Choose all that match").click()
    page.keyboard.press("r")
    editor.until(f"(editor) => editor.model.draftCounts.value.left === {N - 500 - N // 2}")
    editor.wait_until_saved()
    rejected = Instance.objects.filter(layer=draft, state=InstanceState.REJECTED)
    assert rejected.count() == N // 2
    page.get_by_role("button", name="Take it back").click()
    editor.wait_for(lambda: rejected.count() == 0)
    assert editor.problems == []
