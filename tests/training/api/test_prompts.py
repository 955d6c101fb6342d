"""One object for one click: asked over HTTP, answered by the engine's real child."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image as PillowImage

from annotations.actions.regions import submit_region
from annotations.models import Purpose
from tests.drawing import draw_blobs
from tests.engines.tiny_sam import write_weights
from tests.factories import UserFactory
from tests.training.starters import NAME, starters_dir, threshold_model
from tests.training.worlds import declare, stored_image
from training.actions.starters import add_starter
from training.models import ModelVersion

__all__ = ["starters_dir", "threshold_model"]
SHIPPED_DIR = Path(__file__).resolve().parents[3] / "training" / "starters"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("starters_dir")]


@pytest.fixture
def drawn(project):
    """An image of bright disks, and which pixels are whose."""
    labels, pixels = draw_blobs(200, 240, n=9, radius=(9, 14))
    return stored_image(project, pixels), labels


@pytest.fixture
def ask(annotator, work_off):
    """Return a function that asks of an image and waits for the answer."""
    client = Client()
    client.force_login(annotator, backend="django.contrib.auth.backends.ModelBackend")

    def ask_of(image, **asked):
        path = f"/api/v1/images/{image.pk}/prompts/"
        sent = client.post(path, asked, content_type="application/json")
        if sent.status_code != 202:
            return sent
        work_off()
        return client.get(f"{path}{sent.json()['id']}/")

    ask_of.client = client
    return ask_of


def mask_of(answer, shape):
    mask = np.zeros(shape, bool)
    rows = answer["rows"]
    for row, first, end in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        mask[row, first:end] = True
    return mask


def iou(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


SHIPPED = [
    pytest.param(f"nuclei-fluorescence-{engine}", marks=getattr(pytest.mark, engine))
    for engine in ("stardist", "cellpose")
]


@pytest.mark.parametrize("name", [NAME, *SHIPPED])
def test_a_click_and_a_box_find_the_object_there(
    settings, reviewer, project, drawn, ask, work_off, name
):
    if name != NAME:
        settings.CYTOLOOP_STARTERS_DIR = SHIPPED_DIR
    image, labels = drawn
    add_starter(user=reviewer, project=project, name=name)
    work_off()
    version = ModelVersion.objects.get()
    for number in (1, 2, 3):
        truth = labels == number
        rows, cols = np.nonzero(truth)
        middle = [int(np.median(rows)), int(np.median(cols))]
        found = ask(image, point=middle).json()
        assert found["state"] == "found", found
        assert iou(mask_of(found, labels.shape), truth) > 0.6
        assert found["by"] == str(version)
        assert (found["version"], found["engine"]) == (str(version.pk), version.engine)
        assert 0 < found["score"] <= 1
        box = [int(rows.min()), int(cols.min()), int(rows.max()) + 1, int(cols.max()) + 1]
        by_box = ask(image, box=box, version=str(version.pk)).json()
        assert by_box["rows"] == found["rows"]
        assert found["box"][0] <= middle[0] < found["box"][2]


def test_without_a_version_it_says_what_to_do(drawn, ask):
    answer = ask(drawn[0], point=[5, 5])
    assert (answer.status_code, answer.json()["code"]) == (422, "no_version")
    assert "starter model" in answer.json()["message"]


def test_ground_without_an_object_is_answered_with_a_sentence(
    reviewer, project, drawn, ask, work_off
):
    image, labels = drawn
    add_starter(user=reviewer, project=project, name=NAME)
    work_off()
    row, col = np.argwhere(labels == 0)[-1].tolist()
    answer = ask(image, point=[row, col])
    assert (answer.status_code, answer.json()["state"]) == (200, "nothing")
    assert "sees no object at this point" in answer.json()["message"]
    # The same question again needs no worker.
    again = ask.client.post(
        f"/api/v1/images/{image.pk}/prompts/", {"point": [row, col]}, "application/json"
    )
    assert (again.status_code, again.json()["state"]) == (200, "nothing")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "either a point or a box"),
        ({"point": [1, 1], "box": [0, 0, 5, 5]}, "either a point or a box"),
        ({"point": [200, 3]}, "outside of the image"),
        ({"box": [5, 5, 5, 9]}, "hold a pixel"),
        ({"point": [1, 1], "z": 3}, "no such plane"),
    ],
)
def test_nonsense_is_refused(reviewer, project, drawn, ask, work_off, asked, says):
    add_starter(user=reviewer, project=project, name=NAME)
    work_off()
    answer = ask(drawn[0], **asked)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_an_engine_that_fails_is_reported_and_can_be_asked_again(
    reviewer, project, drawn, ask, work_off
):
    image, labels = drawn
    add_starter(user=reviewer, project=project, name=NAME)
    work_off()
    ModelVersion.objects.update(checkpoint_digest="0" * 64)
    middle = [int(np.median(axis)) for axis in np.nonzero(labels == 1)]
    answer = ask(image, point=middle).json()
    assert (answer["state"], answer["code"]) == ("failed", "checkpoint_corrupt")
    assert "restore a backup" in answer["message"]
    sent = ask.client.post(
        f"/api/v1/images/{image.pk}/prompts/", {"point": middle}, "application/json"
    )
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    assert sent.json()["is_served"] is False


def test_a_map_is_a_picture_over_its_box(reviewer, project, drawn, ask, work_off):
    image, labels = drawn
    add_starter(user=reviewer, project=project, name=NAME)
    work_off()
    path = f"/api/v1/images/{image.pk}/maps/"
    asked = {"name": "foreground", "box": [10, 20, 110, 200]}
    sent = ask.client.post(path, asked, content_type="application/json")
    assert sent.status_code == 202
    assert ask.client.get(f"{path}{sent.json()['id']}/picture/").status_code == 404
    work_off()
    made = ask.client.get(f"{path}{sent.json()['id']}/").json()
    assert (made["state"], made["low"], made["high"]) == ("found", 0, 1)
    answer = ask.client.get(f"{path}{made['id']}/picture/")
    assert answer["Content-Type"] == "image/png"
    pixels = np.asarray(PillowImage.open(io.BytesIO(answer.content)))
    assert pixels.shape == (100, 180, 4)
    truth = labels[10:110, 20:200] > 0
    yellow = pixels[..., 0].astype(int) - pixels[..., 2]
    assert yellow[truth].mean() > yellow[~truth].mean() + 50
    wrong = ask.client.post(path, {**asked, "name": "dist"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_input")
    assert "foreground" in wrong.json()["message"]


def test_no_model_helps_in_an_open_blind_region(reviewer, project, drawn, ask, work_off):
    image, _labels = drawn
    add_starter(user=reviewer, project=project, name=NAME)
    work_off()
    region = declare(
        reviewer, image, box=(0, 0, 60, 60), purpose=Purpose.BLIND_VALIDATION, submit=False
    )
    answer = ask(image, point=[30, 30])
    assert (answer.status_code, answer.json()["code"]) == (409, "blind_region")
    boxed = {"name": "foreground", "box": [50, 50, 90, 90]}
    path = f"/api/v1/images/{image.pk}/maps/"
    assert ask.client.post(path, boxed, content_type="application/json").status_code == 409
    assert ask(image, point=[80, 80]).status_code == 200
    submit_region(user=reviewer, region_id=region.pk)
    assert ask(image, point=[30, 30]).status_code == 200


def test_a_model_with_weights_of_ones_own_is_asked_without_any_version(
    settings, tmp_path, project, ask, as_person
):
    settings.CYTOLOOP_PROMPTER_DIR = tmp_path
    pixels = np.zeros((128, 128), np.uint8)
    pixels[:, :40] = 200
    image = stored_image(project, pixels)
    answer = ask(image, point=[60, 10], prompter="sam")
    assert (answer.status_code, answer.json()["code"]) == (422, "prompter_not_ready")
    assert "lacks encoder.onnx and decoder.onnx. Ask" in answer.json()["message"]
    [missing] = ask.client.get("/api/v1/prompters/").json()
    assert missing["missing"] == answer.json()["message"]
    site = as_person(UserFactory(is_superuser=True))
    [missing] = site.get("/api/v1/prompters/").json()
    assert str(tmp_path / "sam") in missing["missing"], "only who runs the site learns where"
    assert ask(image, point=[60, 10], prompter="none").status_code == 404
    write_weights(tmp_path / "sam")
    found = ask(image, point=[60, 10], prompter="sam").json()
    assert (found["state"], found["by"]) == ("found", "Segment Anything (ONNX)")
    mask = mask_of(found, pixels.shape)
    assert mask[:, :30].all()
    assert not mask[:, 70:].any()
    [row] = ask.client.get("/api/v1/prompters/").json()
    assert (row["name"], row["missing"]) == ("sam", "")
