"""What a prediction keeps besides pixels: outlines always, maps when somebody asked for them."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from skimage.draw import polygon2mask

from annotations.actions.drafts import decide, store_prediction
from annotations.models import Instance, InstanceState
from annotations.queries.chunks import layer_label_image
from project import garbage
from project.storage import blob_path, scratch_dir
from tests.contracts.furnished import a_version
from tests.drawing import draw_blobs
from tests.project.garbage.blobs import make_all_old
from tests.training.worlds import stored_image
from training.actions.predictions import MapsNotKept, queue_predictions
from training.actions.starters import add_starter
from training.engines import registry
from training.models import PredictionRun, RunState
from training.supervision.details import OUTLINES, outlines_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(world):
    return world["plain"][0]


def prediction_of(image):
    return PredictionRun.objects.select_related("layer").get(image=image)


def maps_of(prediction):
    with np.load(blob_path(prediction.details_digest)) as arrays:
        return dict(arrays)


def test_drafts_of_the_loop_keep_no_maps_and_leave_no_file(version, image):
    prediction = prediction_of(image)

    assert (prediction.state, prediction.keep_maps) == (RunState.FINISHED, False)
    assert prediction.details_digest == "", "this engine draws no outlines"
    assert not list(scratch_dir().glob("details-*"))


def test_a_draft_without_maps_is_made_again_and_what_people_decided_stays(
    version, owner, image, work_off
):
    before = prediction_of(image)
    decide(user=owner, layer_id=before.layer_id, instance_ids=[1], state=InstanceState.REJECTED)

    (row,) = queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)
    assert row.state == RunState.QUEUED
    work_off()

    after = prediction_of(image)
    assert (after.state, after.layer_id) == (RunState.FINISHED, before.layer_id)
    assert Instance.objects.get(layer=after.layer, instance_id=1).state == InstanceState.REJECTED
    maps = maps_of(after)
    assert set(maps) == set(registry.spec("threshold").produces)
    for plane in maps.values():
        assert (plane.dtype, plane.shape) == (np.float16, (image.height, image.width))
        assert plane.any()
    (row,) = queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)
    assert row.state == RunState.FINISHED, "they are there already"


def test_a_draft_that_comes_out_differently_is_another_layer(version, owner, image, work_off):
    prediction = prediction_of(image)
    other = np.zeros((image.height, image.width), np.uint32)
    other[3:9, 3:9] = 1
    layer = store_prediction(
        image=image, name="old", label_image=other, scores=np.ones(1, np.float32)
    )
    PredictionRun.objects.filter(pk=prediction.pk).update(layer=layer)

    queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)
    work_off()

    after = prediction_of(image)
    assert after.layer_id not in (layer.pk, prediction.layer_id)
    assert after.n_instances == after.layer.instances.count() > 1


def test_large_images_are_refused_by_name_and_left_out_of_all(
    version, owner, world, image, work_off, monkeypatch
):
    n_px = image.height * image.width
    monkeypatch.setattr("training.actions.predictions.LARGE_PX", n_px)
    large = stored_image(version.project, np.zeros((image.height + 1, image.width), np.uint8),
                         name="a slide")  # fmt: skip

    with pytest.raises(MapsNotKept, match="larger: a slide") as refused:
        queue_predictions(user=owner, version=version, images=[large.pk, image.pk], keep_maps=True)
    assert refused.value.data == {"images": [str(large.pk)]}
    assert not PredictionRun.objects.filter(image=large).exists()

    queue_predictions(user=owner, version=version, keep_maps=True)
    kept = PredictionRun.objects.filter(version=version, keep_maps=True)
    assert kept.count() == version.project.images.count() - 1
    assert prediction_of(large).state == RunState.QUEUED


def test_what_failed_with_maps_is_made_without_them_when_asked_so(version, owner, image):
    failed = PredictionRun.objects.filter(image=image)
    failed.update(state=RunState.FAILED, keep_maps=True)

    (row,) = queue_predictions(user=owner, version=version, images=[image.pk])

    assert (row.state, row.keep_maps) == (RunState.QUEUED, False)


def test_an_engine_without_maps_says_so(version, owner, image, monkeypatch):
    without = dataclasses.replace(registry.spec("threshold"), produces=())
    monkeypatch.setattr(registry, "spec", lambda name: without)

    with pytest.raises(MapsNotKept, match="makes no maps"):
        queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)


def test_what_was_kept_goes_with_the_prediction(version, owner, image, work_off):
    queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)
    work_off()
    kept = blob_path(prediction_of(image).details_digest)
    make_all_old()
    garbage.collect()
    assert kept.is_file()

    image.delete()
    garbage.collect()

    assert not kept.exists()


def test_waiting_drafts_of_the_loop_keep_maps_once_asked(project, owner, image):
    version = a_version(project, None)
    PredictionRun.objects.create(version=version, image=image)

    (row,) = queue_predictions(user=owner, version=version, images=[image.pk], keep_maps=True)

    assert (row.state, row.keep_maps) == (RunState.QUEUED, True)


@pytest.mark.stardist
def test_stardist_keeps_its_polygons_with_every_draft(owner, viewer, project, as_person, work_off):
    truth, pixels = draw_blobs(200, 220, n=14, radius=(7, 11), seed=5)
    image = stored_image(project, pixels, name="nuclei.tif")
    add_starter(user=owner, project=project, name="nuclei-fluorescence-stardist")
    work_off()

    prediction = prediction_of(image)
    assert prediction.state == RunState.FINISHED, prediction.error_message
    assert 8 < prediction.n_instances < 2 * truth.max()
    label_image = layer_label_image(prediction.layer, (0, 0, 200, 220))
    with blob_path(prediction.details_digest).open("rb") as file:
        outlines = list(outlines_in(file))
    assert len(outlines) == prediction.n_instances
    answer = as_person(viewer).get(f"/api/v1/predictions/{prediction.pk}/outlines/")
    features = json.loads(b"".join(answer.streaming_content))["features"]
    for number, (outline, feature) in enumerate(zip(outlines, features, strict=True), start=1):
        inside = polygon2mask(truth.shape, outline)
        both = inside & (label_image == number)
        assert both.sum() > 0.9 * (inside | (label_image == number)).sum()
        ring = feature["geometry"]["coordinates"][0][:-1]
        assert np.allclose(ring, outline[:, ::-1] + 0.5, atol=0.006)
        assert feature["properties"]["id"] == number

    queue_predictions(user=owner, version=prediction.version, images=[image.pk], keep_maps=True)
    work_off()
    maps = maps_of(prediction_of(image))
    assert maps["prob"].shape == truth.shape
    assert maps["dist"].shape == (outlines[0].shape[0], *truth.shape)
    assert np.allclose(maps[OUTLINES], outlines, atol=1e-3)
    assert prediction_of(image).layer_id == prediction.layer_id
