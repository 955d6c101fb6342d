"""Objects that are found and not drawn: by the magic wand, and by one click or box."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.models import LabelOp
from tests.drawing import draw_blobs
from tests.e2e.editor import stored_labels

WHOLE = (0, 0, 320, 256)


@pytest.fixture
def picture():
    """Bright blobs on dark ground."""
    return png_of(draw_blobs(256, 320, n=12)[1])


def png_of(grey):
    import io

    from PIL import Image as Pil

    out = io.BytesIO()
    Pil.fromarray(grey).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def blobs():
    """Label image of the blobs, and the middle of each."""
    labels, _grey = draw_blobs(256, 320, n=12)
    return labels, middles(labels)


def middles(labels):
    return {
        int(one): tuple(float(np.median(axis)) + 0.5 for axis in np.nonzero(labels == one)[::-1])
        for one in np.unique(labels)
        if one
    }


def iou(one, other):
    return np.count_nonzero(one & other) / max(np.count_nonzero(one | other), 1)


def test_the_wand_makes_an_object_of_a_blob(open_editor, annotator, image, blobs):
    labels, places = blobs
    editor = open_editor(annotator)
    editor.page.keyboard.press("w")
    number, (x, y) = next(iter(places.items()))
    editor.stroke((x, y), (x + 25, y))  # dragged to the right: more tolerance than at first
    editor.until("(editor) => editor.model.selected.value > 0")
    editor.wait_until_saved()
    made = np.array(stored_labels(image, *WHOLE)) > 0
    assert iou(made, labels == number) > 0.8
    assert [op.kind for op in LabelOp.objects.filter(layer__image=image)] == ["wand"]
    # Another one is given up while the button is held.
    second = places[list(places)[1]]
    editor.stroke(second, (second[0] + 5, second[1]), let_go=False)
    editor.page.keyboard.press("Escape")
    editor.page.mouse.up()
    editor.wait_until_saved()
    assert LabelOp.objects.filter(layer__image=image).count() == 1
    # Alt takes away again.
    editor.page.keyboard.down("Alt")
    editor.stroke((x, y), (x + 25, y))
    editor.page.keyboard.up("Alt")
    editor.until("(editor) => editor.model.nObjects.value === 0")
    editor.wait_until_saved()
    assert not np.any(stored_labels(image, *WHOLE))
    assert editor.problems == []
