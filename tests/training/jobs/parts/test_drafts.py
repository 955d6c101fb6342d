"""Parts are put together as one draft."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from annotations.models import Instance, InstanceState, Purpose
from annotations.queries.labels import layer_label_image
from project.storage import blob_path, scratch_dir
from tests.drawing import draw_blobs
from tests.training.jobs.parts.worlds import (
    PART_PX,
    check_rows,
    drawn,
    predicted,
    prediction_of,
    refuse,
    scattered,
)
from tests.training.worlds import declare, paint, stored_image
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.actions.sets import freeze_training_set
from training.actions.starters import add_starter
from training.engines import registry
from training.jobs.looks import look
from training.jobs.region_files import frozen_regions
from training.metrics.matching import match
from training.models import Evaluation, ModelVersion, PredictionPart, PredictionRun, RunState
from training.supervision.details import outlines_in

pytestmark = pytest.mark.django_db(transaction=True)


def upright(n_t, n_z, height, width):
    """Return (truth, pixels), both (T, Z, H, W): other columns at every time, ids go on."""
    truth, pixels = zip(*(scattered(height, width, seed=t) for t in range(n_t)), strict=True)
    ids = [one + np.uint32(sum(int(t.max()) for t in truth[:i])) * (one > 0) for i, one in
           enumerate(truth)]  # fmt: skip
    deep = (n_t, n_z, height, width)
    return tuple(
        np.broadcast_to(np.stack(one)[:, np.newaxis], deep).copy() for one in (ids, pixels)
    )


@pytest.mark.parametrize(("n_t", "n_z"), [(2, 1), (1, 3), (2, 2)])
def test_large_planes_of_stacks_and_series_are_made_in_parts(
    odd_version, owner, project, settings, work_off, n_t, n_z
):
    settings.CYTOLOOP_PART_PX = PART_PX
    truth, pixels = upright(n_t, n_z, 800, 600)
    image = stored_image(project, pixels[:, np.newaxis], name="large")

    queue_predictions(user=owner, version=odd_version, images=[image.pk])
    work_off()

    row = PredictionRun.objects.get(image=image)
    assert row.state == RunState.FINISHED, row.error_message + row.traceback
    assert not row.parts.exists()
    box = (0, 0, 800, 600)
    found = np.array(
        [[layer_label_image(row.layer, box, t=t, z=z) for z in range(n_z)] for t in range(n_t)]
    )
    assert np.array_equal(found > 0, truth > 0)
    pairs = np.unique(np.stack([found.ravel(), truth.ravel()]), axis=1)
    assert pairs.shape[1] == np.unique(found).size == np.unique(truth).size
    rows = list(row.layer.instances.order_by("instance_id"))
    assert [one.instance_id for one in rows] == list(range(1, row.n_instances + 1))
    assert {one.depth for one in rows} == {n_z}


def test_a_large_image_has_the_objects_of_one_piece_each_once(
    version, owner, project, work_off, settings, news
):
    truth, pixels = scattered(1500, 1300)
    settings.CYTOLOOP_PART_PX = 4096
    whole = predicted(owner, version, stored_image(project, pixels, name="whole"), work_off)
    assert not any("part" in one.get("progress", {}) for one in news)
    settings.CYTOLOOP_PART_PX = PART_PX
    parts = predicted(owner, version, stored_image(project, pixels, name="cut"), work_off)

    one, cut = drawn(whole), drawn(parts)
    found = match(one, cut, thresholds=[0.9]).counts[0.9]
    assert whole.n_instances > 0.95 * len(np.unique(truth))
    assert found.tp >= 0.99 * whole.n_instances
    assert found.fp <= 0.01 * whole.n_instances
    check_rows(parts, cut)
    told = [one["progress"] for one in news if one.get("progress", {}).get("stage") == "parts"]
    assert [one["part"] for one in told] == sorted(one["part"] for one in told)
    assert {(one["part"], one["of"]) for one in told} == {(k, 9) for k in range(10)}
    assert not PredictionPart.objects.exists(), "they are put together"
    left = {path.name.split("-")[0] for path in scratch_dir().iterdir()}
    assert left == {"checkpoint"}


def test_a_draft_in_parts_that_comes_out_the_same_stays_with_what_people_decided(
    version, owner, large, work_off
):
    before = predicted(owner, version, large, work_off)
    Instance.objects.filter(layer=before.layer, instance_id=1).update(state=InstanceState.REJECTED)
    PredictionRun.objects.filter(pk=before.pk).update(state=RunState.CANCELLED)

    after = predicted(owner, version, large, work_off)

    assert after.layer_id == before.layer_id
    assert Instance.objects.get(layer=after.layer, instance_id=1).state == InstanceState.REJECTED


def test_an_image_of_which_maps_are_kept_is_predicted_in_one_piece(
    version, owner, large, work_off, news
):
    row = predicted(owner, version, large, work_off, keep_maps=True)

    assert not any("part" in one.get("progress", {}) for one in news)
    with np.load(blob_path(row.details_digest)) as maps:
        assert set(maps) == set(registry.spec("threshold").produces)
        assert all(plane.shape == (large.height, large.width) for plane in maps.values())


def test_fast_drafts_of_large_images_are_fast_in_each_part(odd_version, owner, large, work_off):
    exact = predicted(owner, odd_version, large, work_off)
    n_exact = exact.n_instances
    odd_version.project.fast_drafts = True
    odd_version.project.save()
    PredictionRun.objects.filter(pk=exact.pk).update(state=RunState.FAILED)

    fast = predicted(owner, odd_version, large, work_off)

    assert fast.fast
    assert fast.layer.name.endswith("fast")
    assert n_exact - 9 <= fast.n_instances < n_exact, "each part forgot its largest object"


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("stardist", marks=pytest.mark.stardist),
        pytest.param("cellpose", marks=pytest.mark.cellpose),
    ],
)
def test_networks_draw_a_large_image_in_parts_as_in_one_piece(
    owner, project, work_off, settings, engine
):
    truth, pixels = scattered(1400, 1200, seed=3)
    whole_image = stored_image(project, pixels, name="whole")
    add_starter(user=owner, project=project, name=f"nuclei-fluorescence-{engine}")
    work_off()
    whole = prediction_of(whole_image)
    assert whole.state == RunState.FINISHED, whole.error_message
    settings.CYTOLOOP_PART_PX = 900
    parts = predicted(
        owner, ModelVersion.objects.get(), stored_image(project, pixels, name="cut"), work_off
    )

    cut = drawn(parts)
    found = match(drawn(whole), cut, thresholds=[0.9]).counts[0.9]
    assert found.tp >= 0.99 * whole.n_instances > 0.9 * len(np.unique(truth))
    check_rows(parts, cut)
    if engine != "stardist":
        return  # it draws no outlines
    with blob_path(parts.details_digest).open("rb") as file:
        outlines = list(outlines_in(file))
    assert len(outlines) == parts.n_instances
    for number in np.random.default_rng(0).choice(len(outlines), 60, replace=False):
        inside = polygon2mask(truth.shape, outlines[number])
        both = inside & (cut == number + 1)
        assert both.sum() > 0.9 * (inside | (cut == number + 1)).sum()


def test_a_deep_region_of_large_planes_is_measured_as_linked_objects(
    odd_version, owner, project, settings, work_off
):
    settings.CYTOLOOP_PART_PX = PART_PX
    truth, pixels = upright(1, 3, 800, 600)
    image = stored_image(project, pixels[:, np.newaxis], name="large")
    corner = truth[0].copy()
    corner[:, 260:], corner[:, :, 260:] = 0, 0
    ids = np.unique(corner)
    paint(owner, image, np.searchsorted(ids, corner).astype(np.uint32))
    declare(owner, image, box=(0, 0, 200, 210), purpose=Purpose.BLIND_VALIDATION, depth=3)

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    evaluation = Evaluation.objects.get(version__number=2)
    assert evaluation.state == RunState.FINISHED, evaluation.error_message + evaluation.traceback
    (scores,) = [one for one in evaluation.per_image if one["name"] == "large"]
    assert scores["n_truth"] > 3
    assert scores["ap"]["0.9"] == 1.0


def test_a_version_is_measured_on_a_large_image_by_looking_at_its_regions_alone(
    odd_version, owner, project, settings, monkeypatch
):
    truth, pixels = draw_blobs(420, 380, n=50, radius=(7, 12), seed=77)
    image = stored_image(project, pixels, name="measured")
    paint(owner, image, truth)
    boxes = [(40, 30, 200, 180), (230, 150, 400, 330)]
    for box in boxes:
        declare(owner, image, box=box, purpose=Purpose.BLIND_VALIDATION)
    frozen = frozen_regions(freeze_training_set(user=owner, project=project), {"validation"})
    regions = [one for one in frozen if one.image["id"] == str(image.pk)]
    whole = list(look(odd_version, image, regions, None))

    settings.CYTOLOOP_PART_PX = 100
    monkeypatch.setattr("training.jobs.looks.segment_image", refuse)
    alone = list(look(odd_version, image, regions, None))

    assert sorted(one.frozen.box for one in alone) == boxes
    for one, other in zip(whole, alone, strict=True):
        found = match(one.inside(), other.inside(), thresholds=[0.9]).counts[0.9]
        assert found.tp >= 5
        assert (found.fp, found.fn) == (0, 0)
        assert one.match().counts[0.5] == other.match().counts[0.5]
