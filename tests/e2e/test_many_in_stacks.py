"""Choosing many objects of a stack, and the way from the list to the plane of an object."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile

from annotations.actions.label_imports import import_label_image
from annotations.labels.label_runs import bands_of
from annotations.models import Instance, Split

N_Z, HEIGHT, WIDTH, SIDE = 3, 256, 320, 20
# First plane, depth, row and column of the corner, by id in the order of the planes.
OBJECTS = {1: (0, 1, 20, 20), 2: (0, 2, 20, 80), 3: (2, 1, 20, 20), 4: (2, 1, 200, 240)}


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    planes = np.full((N_Z, HEIGHT, WIDTH), 60, np.uint8)
    tifffile.imwrite(out, planes, photometric="minisblack", metadata={"axes": "ZYX"})
    return out.getvalue()


@pytest.fixture
def layer(image, annotator):
    label_image = np.zeros((N_Z, HEIGHT, WIDTH), np.uint32)
    for instance_id, (z, depth, row, column) in OBJECTS.items():
        label_image[z : z + depth, row : row + SIDE, column : column + SIDE] = instance_id
    return import_label_image(
        user=annotator,
        image=image,
        bands=bands_of(label_image),
        split=Split.TRAIN,
        source="many.tif",
    ).layer


def areas(layer):
    rows = Instance.objects.filter(layer=layer, area_px__gt=0)
    return {row.instance_id: row.area_px for row in rows}


def test_what_is_chosen_on_a_plane_is_deleted_there_and_the_list_leads_to_other_planes(
    open_editor, layer
):
    editor = open_editor()
    page = editor.page
    editor.until("(editor) => editor.layer.instances.count === 4")
    page.keyboard.press("s")
    editor.stroke((10, 12), (120, 60))
    assert page.inner_text(".chosen-count") == "2 objects"
    page.keyboard.press("Delete")
    editor.wait_for(lambda: "2 objects deleted" in page.inner_text(".notices"))
    editor.wait_until_saved()
    one = SIDE * SIDE
    assert areas(layer) == {2: one, 3: one, 4: one}
    page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.instances.count === 4")
    editor.wait_until_saved()
    assert areas(layer) == {1: one, 2: 2 * one, 3: one, 4: one}

    page.locator(".object-list > summary").click()
    editor.until("(editor) => editor.list.listed.value?.order.length === 4")
    page.locator("#object-row-4").click()
    editor.until("(editor) => editor.model.plane.value.z === 2")
    assert editor.tell("(editor) => editor.model.selected.value") == 4
    page.get_by_label("Only what is in view").check()
    editor.until(
        "(editor) => [...editor.list.listed.value.order].every("
        "(row) => editor.list.listed.value.rows.span[3 * row + 1] === 2)"
    )
    page.get_by_role("button", name="Clear the filter").click()
    page.locator(".object-grid").focus()
    page.keyboard.press("1")
    editor.until("(editor) => editor.model.plane.value.z === 0")
    page.keyboard.press("Control+a")
    assert page.inner_text(".chosen-count") == "4 objects"
    page.keyboard.press("Delete")
    editor.wait_for(lambda: "2 objects of other planes left alone" in page.inner_text(".notices"))
    editor.wait_until_saved()
    assert areas(layer) == {2: one, 3: one, 4: one}
    assert editor.problems == []
