"""Drafts made the fast way: only where wanted, measured, and made exactly when asked for."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.projects import update_project
from annotations.queries.chunks import layer_label_image
from tests.drawing import draw_blobs
from tests.training.worlds import stored_image
from training.actions.evaluations import EvaluationNotFailed, repeat_evaluation
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.actions.starters import add_starter
from training.jobs.fast_way import ExactObjects
from training.jobs.region_files import FrozenRegion
from training.metrics.matching import match
from training.models import Evaluation, ModelVersion, PredictionRun, RunState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def switch(owner, project):
    """Return a function that switches fast drafts on or off."""
    return lambda on: update_project(user=owner, project_id=project.pk, fast_drafts=on)


@pytest.fixture
def trained(owner, project, world, work_off):
    """Return a function that trains a version, measures it and drafts all images."""

    def train():
        queue_run(user=owner, project=project, engine="threshold")
        work_off()
        return ModelVersion.objects.order_by("number").last()

    return train


def drafts(version):
    rows = PredictionRun.objects.filter(version=version).select_related("layer", "image")
    assert {row.state for row in rows} == {RunState.FINISHED}
    return {row.image.name: row for row in rows}


def measured(version):
    evaluation = Evaluation.objects.get(version=version, split="validation")
    assert evaluation.state == RunState.FINISHED, evaluation.error_message + evaluation.traceback
    return evaluation


def test_nobody_gets_it_unasked(trained):
    version = trained()

    for row in drafts(version).values():
        assert (row.fast, row.layer.name) == (False, str(version))
    assert "fast" not in measured(version).metrics


def test_an_engine_that_is_fast_as_it_is_loses_nothing(switch, trained):
    switch(True)
    version = trained()

    for row in drafts(version).values():
        assert (row.fast, row.layer.name) == (True, f"{version}, fast")
    metrics = measured(version).metrics
    fast = metrics.pop("fast")
    agreement = fast.pop("agreement")
    assert fast == metrics
    assert metrics["pooled"]["ap"]["0.5"] > 0.5, "there was something to lose"
    assert agreement["n_same"] == agreement["n_objects"] > 0
    assert (agreement["share"], agreement["iou"]) == (1.0, 0.9)


def test_measurements_stay_exact_and_say_what_the_fast_way_loses(odd_engine, switch, trained):
    exact = measured(trained()).metrics
    switch(True)
    both = measured(trained()).metrics

    fast = both.pop("fast")
    assert both == exact
    n_objects = fast["agreement"]["n_objects"]
    assert n_objects > 1
    assert fast["agreement"]["n_same"] == n_objects - 1, "the odd engine forgets one"
    assert fast["agreement"]["share"] == pytest.approx(1 - 1 / n_objects)
    assert fast["pooled"]["n_predicted"] == exact["pooled"]["n_predicted"] - 1
    assert fast["pooled"]["ap"]["0.5"] < exact["pooled"]["ap"]["0.5"]


def test_fast_drafts_are_made_exactly_once_asked_and_exact_ones_stay(
    odd_engine, owner, switch, trained, world, work_off
):
    switch(True)
    version = trained()
    image = world["plain"][0]
    fast = drafts(version)[image.name]
    (row,) = queue_predictions(user=owner, version=version, images=[image.pk])
    assert row.state == RunState.FINISHED, "it is as the project wants it"

    switch(False)
    version = ModelVersion.objects.get()
    assert drafts(version)[image.name].fast, "nothing is made again unasked"
    (row,) = queue_predictions(user=owner, version=version, images=[image.pk])
    assert row.state == RunState.QUEUED
    work_off()
    exact = drafts(version)[image.name]
    assert (exact.fast, exact.layer.name) == (False, str(version))
    assert exact.layer_id != fast.layer_id
    assert exact.n_instances == fast.n_instances + 1
    assert all(row.fast for name, row in drafts(version).items() if name != image.name)

    switch(True)
    (row,) = queue_predictions(user=owner, version=version, images=[image.pk])
    assert (row.state, row.fast) == (RunState.FINISHED, False), "nothing is better than exact"


def test_the_same_draft_made_exactly_keeps_what_people_decided(
    owner, switch, trained, world, work_off
):
    switch(True)
    version = trained()
    image = world["plain"][0]
    fast = drafts(version)[image.name]

    switch(False)
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()

    exact = drafts(version)[image.name]
    assert (exact.layer_id, exact.fast) == (fast.layer_id, False)
    assert exact.layer.name == str(version)


def test_a_version_from_before_is_measured_again_once(owner, switch, trained, work_off):
    version = trained()
    before = measured(version)
    pictured = set(before.examples.values_list("image", flat=True))
    with pytest.raises(EvaluationNotFailed):
        repeat_evaluation(user=owner, evaluation=before)

    switch(True)
    evaluation = Evaluation.objects.get(pk=before.pk)
    repeat_evaluation(user=owner, evaluation=evaluation)
    work_off()

    after = measured(version)
    assert "fast" in after.metrics
    assert after.metrics["pooled"] == before.metrics["pooled"]
    assert after.per_image == before.per_image
    assert set(after.examples.values_list("image", flat=True)) == pictured != set()
    with pytest.raises(EvaluationNotFailed):
        repeat_evaluation(user=owner, evaluation=after)


def test_an_object_is_the_same_only_where_nearly_all_of_it_is(tmp_path):
    frozen = FrozenRegion({}, {"id": "one"})
    exact = np.zeros((40, 40), np.uint32)
    exact[2:12, 2:12], exact[20:30, 20:30], exact[2:12, 20:30] = 1, 2, 3
    fast = np.zeros_like(exact)
    fast[2:12, 2:11] = 7  # nine tenths
    fast[20:30, 20:28] = 8
    fast[33:38, 2:9] = 9  # invented, which AP counts
    kept = ExactObjects(tmp_path)
    assert kept.agreement()["share"] is None

    kept.keep(frozen, exact)
    kept.compare(frozen, fast)

    assert kept.agreement() == {"iou": 0.9, "n_objects": 3, "n_same": 1, "share": 1 / 3}


@pytest.mark.stardist
def test_stardist_drafts_fast_and_nearly_the_same(owner, project, switch, work_off):
    truth, pixels = draw_blobs(200, 220, n=14, radius=(7, 11), seed=5)
    image = stored_image(project, pixels, name="nuclei.tif")
    switch(True)
    add_starter(user=owner, project=project, name="nuclei-fluorescence-stardist")
    work_off()
    fast = PredictionRun.objects.select_related("layer", "version").get(image=image)
    assert (fast.state, fast.fast) == (RunState.FINISHED, True), fast.error_message

    switch(False)
    queue_predictions(user=owner, version=fast.version, images=[image.pk])
    work_off()

    exact = PredictionRun.objects.select_related("layer").get(image=image)
    assert (exact.state, exact.fast) == (RunState.FINISHED, False)
    drawn = [layer_label_image(one.layer, (0, 0, *truth.shape)) for one in (exact, fast)]
    same = match(*drawn, thresholds=[0.9]).counts[0.9]
    assert same.tp > 8
    assert same.recall > 0.9
