"""Drafts as polygons, and engines' maps, as files for other programs."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from roifile import ImagejRoi
from skimage.draw import polygon2mask

from annotations.actions.drafts import store_prediction
from annotations.models import Instance
from project.storage import blob_path
from tests.contracts.furnished import a_version, stored_details
from tests.drawing import draw_blobs
from tests.training.worlds import draw_stack, stored_image
from training.models import PredictionRun, RunState

pytestmark = pytest.mark.django_db
CORNER_TO_MIDDLE = -0.5


@pytest.fixture
def version(project):
    return a_version(project, None)


@pytest.fixture
def predicted(version):
    """Make a finished prediction of a label image."""

    def make(label_image, **fields):
        pixels = np.zeros(label_image.shape, np.uint8)
        image = stored_image(version.project, pixels, name="Über 9.tif")
        n = int(label_image.max())
        scores = np.linspace(0.5, 0.9, n, dtype=np.float32)
        layer = store_prediction(image=image, name="v1", label_image=label_image, scores=scores)
        return PredictionRun.objects.create(
            version=version, image=image, layer=layer, state=RunState.FINISHED, **fields
        )

    return make


@pytest.fixture
def ask(as_person, viewer):
    client = as_person(viewer)
    return lambda prediction, what: client.get(f"/api/v1/predictions/{prediction.pk}/{what}/")


def features_of(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(b"".join(answer.streaming_content))["features"]


def drawn(features, shape):
    """Draw features by the even-odd rule; the value is their id."""
    label_image = np.zeros(shape, np.uint32)
    for feature in features:
        geometry = feature["geometry"]
        several = geometry["type"] == "MultiPolygon"
        parts = geometry["coordinates"] if several else [geometry["coordinates"]]
        for part in parts:
            inside = np.zeros(shape, bool)
            for ring in part:
                inside ^= polygon2mask(shape, np.array(ring)[:, ::-1] + CORNER_TO_MIDDLE)
            label_image[inside] = feature["properties"]["id"]
    return label_image


def test_pixels_are_traced_across_chunks_and_drawn_again_they_are_the_draft(ask, predicted):
    label_image, _ = draw_blobs(530, 540, n=30, radius=(6, 14), seed=3)
    label_image[505:520, 500:525] = label_image.max() + 1  # over four chunks
    label_image[510, 510] = 0
    label_image[0, :3] = label_image[2, :3] = label_image.max() + 1  # in two parts
    prediction = predicted(label_image)

    features = features_of(ask(prediction, "outlines"))

    assert (drawn(features, label_image.shape) == label_image).all()
    kinds = [feature["geometry"]["type"] for feature in features]
    assert kinds.count("MultiPolygon") == 1
    with_hole = [f for f in features if len(f["geometry"]["coordinates"]) == 2]
    assert label_image[505, 500] in [one["properties"]["id"] for one in with_hole]


def test_what_is_known_of_an_object_goes_along(ask, predicted):
    label_image = np.zeros((20, 20), np.uint32)
    label_image[2:5, 2:5], label_image[8:12, 8:12] = 1, 2
    prediction = predicted(label_image)
    rows = Instance.objects.filter(layer=prediction.layer)
    rows.filter(instance_id=2).update(class_name="mitosis", state="rejected")
    rows.filter(instance_id=1).update(score=None)

    first, second = features_of(ask(prediction, "outlines"))

    assert first["properties"]["score"] is None
    assert first["properties"]["state"] == "proposed"
    assert second["properties"]["score"] == pytest.approx(0.9)
    assert second["properties"]["classification"] == {"name": "mitosis"}
    assert second["properties"]["state"] == "rejected"


def test_outlines_of_the_engine_are_sent_as_they_are(ask, predicted):
    label_image, _ = draw_blobs(80, 90, n=3, radius=(5, 9), seed=1)
    prediction = predicted(label_image)
    prediction.details_digest = stored_details(prediction.image, n=3)
    prediction.save()

    features = features_of(ask(prediction, "outlines"))

    assert [feature["properties"]["id"] for feature in features] == [1, 2, 3]
    rows_and_columns = np.arange(24).reshape(3, 4, 2)
    for feature, outline in zip(features, rows_and_columns, strict=True):
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[:-1] == (outline[:, ::-1] + 0.5).tolist()


def test_a_draft_without_objects_is_an_empty_collection(ask, predicted):
    assert features_of(ask(predicted(np.zeros((9, 9), np.uint32)), "outlines")) == []


def test_the_zip_of_rois_has_one_of_each_object(ask, predicted):
    label_image, _ = draw_blobs(80, 90, n=5, radius=(5, 9), seed=1)

    answer = ask(predicted(label_image), "rois")

    assert "ber%209-threshold-v1-RoiSet.zip" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        rois = [ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()]
    found = np.zeros(label_image.shape, np.uint32)
    for roi in rois:
        inside = polygon2mask(found.shape, roi.coordinates()[:, ::-1] + CORNER_TO_MIDDLE)
        found[inside] = int(roi.name)
    assert (found == label_image).all()


def test_maps_are_a_file_of_numpy(ask, predicted):
    prediction = predicted(np.zeros((30, 40), np.uint32), keep_maps=True)
    prediction.details_digest = stored_details(prediction.image, n=3)
    prediction.save()

    answer = ask(prediction, "maps")

    with np.load(io.BytesIO(b"".join(answer.streaming_content))) as arrays:
        assert (arrays["prob"].dtype, arrays["prob"].shape) == (np.float16, (30, 40))
        assert (arrays["prob"] == 0.25).all()
    answer.close()


def test_without_maps_the_answer_says_how_to_have_them(ask, predicted):
    answer = ask(predicted(np.zeros((9, 9), np.uint32)), "maps")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "keep_maps" in answer.json()["message"]


def test_what_is_not_made_yet_or_was_lost_is_said_before_anything_is_sent(ask, predicted):
    prediction = predicted(np.zeros((30, 40), np.uint32))
    prediction.details_digest = stored_details(prediction.image, n=3)
    prediction.save()
    blob_path(prediction.details_digest).unlink()
    for what in ("outlines", "rois", "maps"):
        answer = ask(prediction, what)
        assert answer.status_code == 404
        assert "backup" in answer.json()["message"]
    PredictionRun.objects.update(layer=None, details_digest="", state=RunState.QUEUED)
    for what in ("outlines", "rois"):
        answer = ask(prediction, what)
        assert answer.status_code == 404
        assert "no draft yet" in answer.json()["message"]


def test_an_object_of_a_stack_is_a_section_per_plane(ask, version):
    truth, pixels = draw_stack()
    image = stored_image(version.project, pixels[None], name="stack.tif")
    scores = np.full(int(truth.max()), 0.5, np.float32)
    layer = store_prediction(image=image, name="v1", label_image=truth, scores=scores)
    prediction = PredictionRun.objects.create(
        version=version, image=image, layer=layer, state=RunState.FINISHED
    )

    features = features_of(ask(prediction, "outlines"))

    for z, plane in enumerate(truth):
        here = [one for one in features if one["geometry"]["plane"] == {"c": -1, "z": z, "t": 0}]
        assert np.array_equal(drawn(here, plane.shape), plane)
    assert len(features) == sum(np.unique(plane).size - 1 for plane in truth)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(ask(prediction, "rois").streaming_content)))
    rois = [ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()]
    sections = {(int(roi.name.split("-")[0]), roi.z_position - 1) for roi in rois}
    z, row, col = np.nonzero(truth)
    assert sections == set(zip(truth[z, row, col].tolist(), z.tolist(), strict=True))
    assert len(rois) == len(sections)
