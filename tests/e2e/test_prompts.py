"""Objects that are found and not drawn: by the magic wand, and by one click or box."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from annotations.models import LabelOp
from tests.drawing import draw_blobs
from tests.e2e.editor import stored_labels
from tests.e2e.site import REPOSITORY
from training.actions.starters import add_starter
from training.jobs.adopt import adopt
from training.models import ModelVersion

SHIPPED_DIR = Path(__file__).resolve().parents[2] / "training" / "starters"

WHOLE = (0, 0, 320, 256)


@pytest.fixture
def picture():
    """Bright blobs on dark ground."""
    return png_of(draw_blobs(256, 320, n=12)[1])


def png_of(grey):
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


@pytest.fixture
def version(settings, reviewer, project, image):
    """A real StarDist version of the project: a starter model that comes along."""
    settings.CYTOLOOP_STARTERS_DIR = SHIPPED_DIR
    upload = add_starter(user=reviewer, project=project, name="nuclei-fluorescence-stardist")
    adopt(upload.pk)
    return ModelVersion.objects.get(project=project)


@pytest.fixture
def worker(site_environment, tmp_path):
    """A worker of StarDist's predictions."""
    argv = [sys.executable, "-m", "project.worker", "predict.stardist"]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            argv, cwd=REPOSITORY, env=site_environment, stdout=log, stderr=log
        )
        yield process
        process.terminate()
        process.wait(60)


@pytest.mark.stardist
def test_a_click_and_a_box_make_the_objects_that_a_version_sees(
    open_editor, annotator, image, blobs, version, worker
):
    labels, places = blobs
    editor = open_editor(annotator)
    editor.page.keyboard.press("q")
    number, middle = next(iter(places.items()))
    editor.page.mouse.click(*editor.on_screen(*middle))
    editor.until("(editor) => editor.paint.prompts.prompt.value?.state === 'found'")
    assert str(version) in editor.page.inner_text(".prompt-text")
    assert not LabelOp.objects.filter(layer__image=image).exists(), "nothing is kept by looking"
    editor.page.keyboard.press("Enter")
    editor.until("(editor) => editor.model.nObjects.value === 1")
    editor.wait_until_saved()
    made = np.array(stored_labels(image, *WHOLE))
    assert iou(made > 0, labels == number) > 0.6
    [op] = LabelOp.objects.filter(layer__image=image)
    assert (op.kind, op.meta["prompt"]["version"]) == ("prompt", str(version.pk))
    # A box around another one, kept by a click into it; Esc drops a third one.
    second, third = list(places)[1:3]
    rows, cols = np.nonzero(labels == second)
    first, last = (
        (int(cols.min()) - 1, int(rows.min()) - 1),
        (int(cols.max()) + 2, int(rows.max()) + 2),
    )
    editor.stroke(first, last)
    editor.until("(editor) => editor.paint.prompts.prompt.value?.state === 'found'")
    editor.page.mouse.click(*editor.on_screen(*places[second]))
    editor.until("(editor) => editor.model.nObjects.value === 2")
    editor.page.mouse.click(*editor.on_screen(*places[third]))
    editor.until("(editor) => editor.paint.prompts.prompt.value?.state === 'found'")
    editor.page.keyboard.press("Escape")
    editor.wait_until_saved()
    made = np.array(stored_labels(image, *WHOLE))
    assert len(np.unique(made)) == 3
    assert iou(made == made[int(places[second][1]), int(places[second][0])], labels == second) > 0.6
    assert editor.problems == []
