"""Very many objects in a real browser: listed, filtered, chosen, changed, and brought back."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as Pil

from annotations.actions.classes import create_class
from annotations.actions.drafts import store_prediction
from annotations.actions.label_imports import import_label_image
from annotations.exchange import label_files
from annotations.models import Instance, InstanceState, LabelLayer, LabelOp, Split

PITCH, SMALL, LARGE = 18, 8, 14
FIFTY_THOUSAND = 50_000

# How many rows the page has made of the list, and how many the list has.
ROWS = "() => document.querySelectorAll('.object-grid [role=row]').length"
LISTED = "(editor) => editor.list.listed.value?.order.length"


def corner_of(instance_id: int, side: int) -> tuple[int, int]:
    """Return row and column where an object begins."""
    row, column = divmod(instance_id - 1, side // PITCH)
    return row * PITCH + 1, column * PITCH + 1


def many_squares(side: int) -> np.ndarray:
    """Squares in rows, ids from left to right; every tenth is large, the others small."""
    label_image = np.zeros((side, side), np.uint32)
    for instance_id in range(1, min(FIFTY_THOUSAND, (side // PITCH) ** 2) + 1):
        width = LARGE if instance_id % 10 == 0 else SMALL
        y, x = corner_of(instance_id, side)
        label_image[y : y + width, x : x + width] = instance_id
    return label_image


@pytest.fixture
def side(request) -> int:
    """Of the image: 1024 pixels hold 3,136 objects, 4096 hold 50,000."""
    return getattr(request, "param", 1024)


@pytest.fixture
def squares(side) -> np.ndarray:
    return many_squares(side)


@pytest.fixture
def picture(side) -> bytes:
    out = io.BytesIO()
    Pil.fromarray(np.full((side, side), 90, np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def layer(image, annotator, squares):
    """The image's annotation, imported from a label TIFF."""
    file = io.BytesIO()
    tifffile.imwrite(file, squares, compression="zlib")
    file.seek(0)
    bands = label_files.read_bands(file, size=(image.height, image.width))
    return import_label_image(
        user=annotator, image=image, bands=bands, split=Split.TRAIN, source="many.tif"
    ).layer


def wait_for_objects(editor, n):
    editor.until(f"(editor) => editor.layer.instances.count === {n}")


def open_list(editor):
    editor.page.locator(".object-list > summary").click()
    editor.until("(editor) => editor.list.listed.value !== undefined")


def alive_on_server(layer):
    return Instance.objects.filter(layer=layer, area_px__gt=0).count()


@pytest.mark.parametrize("side", [4096], indirect=True)
def test_fifty_thousand_objects_are_listed_filtered_deleted_and_brought_back(
    open_editor, side, layer
):
    editor = open_editor()
    page = editor.page
    n = FIFTY_THOUSAND
    wait_for_objects(editor, n)
    open_list(editor)
    assert editor.tell(LISTED) == n
    assert page.evaluate(ROWS) < 60

    # The last one is as near as the first.
    page.locator(".object-grid").focus()
    page.keyboard.press("End")
    assert editor.tell("(editor) => editor.model.selected.value") == n
    page.keyboard.press("Home")
    for digit in "49999":
        page.keyboard.press(digit)
    assert editor.tell("(editor) => editor.model.selected.value") == 49_999
    row = page.locator("#object-row-49999")
    assert row.get_attribute("aria-current") == "true"
    assert row.is_visible()
    editor.wait_until_still()
    y, x = corner_of(49_999, side)
    assert editor.tell(
        "({ scene }, [x, y]) => { const { visible: v } = scene.stage.view();"
        " return v.x0 < x && x < v.x1 && v.y0 < y && y < v.y1; }",
        [x + 4, y + 4],
    )
    editor.wait_for(lambda: page.evaluate(ROWS) < 60)

    page.get_by_role("button", name="Area px").click()
    page.get_by_role("button", name="Area px").click()
    page.keyboard.press("Escape")
    page.get_by_label("Area px from").fill("100")
    editor.until(f"{LISTED} === {n // 10}")
    page.get_by_role("button", name="Choose all that match").click()
    assert page.inner_text(".chosen-count") == "5,000 objects"
    page.keyboard.press("Delete")
    wait_for_objects(editor, n - n // 10)
    editor.wait_for(lambda: "5,000 objects deleted" in page.inner_text(".notices"))
    editor.until(f"{LISTED} === 0")
    assert "No object matches this filter" in page.inner_text(".object-list")
    editor.wait_until_saved()
    assert alive_on_server(layer) == n - n // 10
    ops = LabelOp.objects.filter(layer=layer, kind="delete")
    assert len({op.meta["group"] for op in ops}) == 1

    page.keyboard.press("Control+z")
    wait_for_objects(editor, n)
    editor.wait_until_saved()
    assert alive_on_server(layer) == n
    assert editor.problems == []


def test_objects_in_a_box_are_chosen_merged_classified_and_taken_back(
    open_editor, image, reviewer, squares, layer
):
    create_class(user=reviewer, project_id=image.project_id, name="mitosis")
    editor = open_editor()
    page = editor.page
    n = int(squares.max())
    wait_for_objects(editor, n)
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

    page.get_by_role("button", name="Merge the chosen into one object").click()
    wait_for_objects(editor, n - 16)
    editor.wait_until_saved()
    assert alive_on_server(layer) == n - 16
    page.keyboard.press("Control+z")
    wait_for_objects(editor, n)

    page.keyboard.press("Control+a")
    n_chosen = editor.tell("(editor) => editor.model.chosen.value.ids.size")
    assert 100 <= n_chosen < 1000
    editor.tell("(editor) => editor.many.setClass('mitosis')")
    mitoses = "(editor) => (editor.layer.instances.classCount().get('mitosis') ?? 0)"
    editor.until(f"{mitoses} === {n_chosen}")
    editor.wait_until_saved()
    assert Instance.objects.filter(layer=layer, class_name="mitosis").count() == n_chosen
    page.keyboard.press("Control+z")
    editor.until(f"{mitoses} === 0")
    editor.wait_until_saved()
    assert not Instance.objects.filter(layer=layer, class_name="mitosis").exists()
    page.keyboard.press("Escape")
    assert page.locator(".chosen-bar").count() == 0
    assert editor.problems == []


@pytest.fixture
def draft(image, squares):
    """A draft whose scores grow with the ids, by a thousandth every third."""
    scores = np.arange(squares.max()) // 3 / 1000 / 2
    return store_prediction(image=image, name="v1", label_image=squares, scores=scores)


def test_a_draft_is_filtered_by_score_accepted_in_part_and_rejected_in_part(
    open_editor, image, squares, draft
):
    editor = open_editor()
    page = editor.page
    n = int(squares.max())
    editor.until(f"(editor) => editor.model.draftCounts.value.left === {n}")
    open_list(editor)
    page.get_by_role("group", name="Whose objects are listed").get_by_text("Draft").click()
    editor.until(f"{LISTED} === {n}")
    page.get_by_role("spinbutton", name="Score from").fill("0.49925")
    editor.until(f"{LISTED} === {n - 3 * 999}")
    page.get_by_role("button", name="Choose all that match").click()
    page.keyboard.press("a")
    wait_for_objects(editor, n - 3 * 999)
    editor.wait_until_saved()
    own = LabelLayer.objects.get(image=image, kind="annotation")
    assert alive_on_server(own) == n - 3 * 999
    accepted = Instance.objects.filter(layer=draft, state=InstanceState.ACCEPTED)
    assert accepted.count() == n - 3 * 999

    page.get_by_role("spinbutton", name="Score from").fill("")
    page.get_by_role("spinbutton", name="Score to").fill("0.24975")
    editor.until(f"{LISTED} === 1500")
    page.get_by_role("button", name="Choose all that match").click()
    page.keyboard.press("r")
    editor.until(f"(editor) => editor.model.draftCounts.value.left === {3 * 999 - 1500}")
    editor.wait_until_saved()
    rejected = Instance.objects.filter(layer=draft, state=InstanceState.REJECTED)
    assert rejected.count() == 1500
    page.get_by_role("button", name="Take it back").click()
    editor.wait_for(lambda: rejected.count() == 0)
    assert editor.problems == []
