from __future__ import annotations

import os
import signal
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotations.models import Image
from tests.drawing import draw_blobs
from tests.training.conftest import JOIN_S
from tests.training.worlds import stored_image, wait_for
from training import tasks
from training.actions.predictions import NothingToPredict, queue_predictions
from training.jobs.predict import predict
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.predictions import next_prediction
from training.supervision.warm import warm_child

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(odd_engine, version):
    return version


@pytest.fixture
def more_images(project, version):
    """Three images that came after the version, named by their size."""
    made = []
    for i in range(3):
        _, pixels = draw_blobs(128, 128, n=4, radius=(7, 10), seed=400 + i)
        made.append(stored_image(project, pixels, name=f"new_{i}"))
    return made


def order_of_drafts(version):
    done = PredictionRun.objects.filter(version=version, state=RunState.FINISHED)
    return [row.image.name for row in done.order_by("finished_at") if "new" in row.image.name]


def test_images_in_view_are_predicted_first_the_last_opened_before_all(
    version, owner, more_images, work_off
):
    queue_predictions(user=owner, version=version, images=[i.pk for i in more_images])
    now = timezone.now()
    Image.objects.filter(name="new_1").update(viewed_at=now - timedelta(minutes=2))
    Image.objects.filter(name="new_2").update(viewed_at=now)
    Image.objects.filter(name="new_0").update(viewed_at=now - timedelta(days=1))
    work_off()

    assert order_of_drafts(version) == ["new_2", "new_1", "new_0"]


def test_an_image_opened_while_others_wait_moves_to_the_front(version, owner, more_images):
    queue_predictions(user=owner, version=version, images=[i.pk for i in more_images])
    first = PredictionRun.objects.get(pk=next_prediction("threshold"))
    assert first.image.name == "new_0"

    Image.objects.filter(name="new_2").update(viewed_at=timezone.now())

    assert PredictionRun.objects.get(pk=next_prediction("threshold")).image.name == "new_2"


def test_one_warm_child_makes_all_drafts(version, owner, more_images, work_off):
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()
    pid = warm_child("threshold").pid
    queue_predictions(user=owner, version=version, images=[more_images[1].pk])
    work_off()

    assert pid is not None
    assert warm_child("threshold").pid == pid


def test_a_warm_child_that_died_is_replaced_unnoticed(version, owner, more_images, work_off):
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()
    pid = warm_child("threshold").pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: warm_child("threshold").pid is None)
    queue_predictions(user=owner, version=version, images=[more_images[1].pk])
    work_off()

    assert warm_child("threshold").pid not in (None, pid)
    row = PredictionRun.objects.get(image=more_images[1])
    assert (row.state, row.attempt) == (RunState.FINISHED, 1)


def test_an_image_that_kills_the_child_fails_after_its_attempts_and_the_others_go_on(
    odd_engine, version, owner, more_images, work_off, tmp_path
):
    odd_engine(fail="kill", fail_epoch=2)
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()

    row = PredictionRun.objects.get(image=more_images[0])
    assert (row.state, row.attempt) == (RunState.FAILED, row.max_attempts)
    assert "memory" in row.error_message

    odd_engine()
    again = queue_predictions(user=owner, version=version, images=[i.pk for i in more_images])
    work_off()
    assert {row.pk for row in again} >= {row.pk}
    assert set(
        PredictionRun.objects.filter(image__in=more_images).values_list("state", flat=True)
    ) == {RunState.FINISHED}


def test_the_memory_ceiling_ends_a_prediction_with_a_sentence(
    odd_engine, version, owner, more_images, work_off, settings
):
    settings.CYTOLOOP_WARM_MAX_MIB = 300
    odd_engine(fail="grow")
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()

    row = PredictionRun.objects.get(image=more_images[0])
    assert (row.state, row.error_code) == (RunState.FAILED, "out_of_memory")
    assert "CYTOLOOP_WARM_MAX_MIB" in row.error_message


def test_an_idle_child_ends_by_itself(version, owner, more_images, work_off, settings):
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()
    child = warm_child("threshold")
    assert child.pid is not None

    child.close_if_idle(3600)
    assert child.pid is not None
    child.close_if_idle(0)
    assert child.pid is None


def test_an_image_without_the_channel_fails_with_a_sentence(version, owner, project, work_off):
    version.channels = {"count": 1, "mapping": [3]}
    version.save()
    image = stored_image(project, np.zeros((64, 64), np.uint8), name="grey")
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()

    row = PredictionRun.objects.get(image=image)
    assert row.state == RunState.FAILED
    assert "channel 3" in row.error_message


def test_weights_that_were_lost_are_reported_as_such(version, owner, more_images, work_off):
    ModelVersion.objects.filter(pk=version.pk).update(checkpoint_digest="a" * 64)
    version.refresh_from_db()
    queue_predictions(user=owner, version=version, images=[more_images[0].pk])
    work_off()

    row = PredictionRun.objects.get(image=more_images[0])
    assert (row.state, row.error_code) == (RunState.FAILED, "checkpoint_corrupt")
    assert "backup" in row.error_message


def test_a_message_without_a_waiting_row_does_nothing(version):
    assert predict("threshold") is False
    tasks.predict.fn("threshold")


def test_a_project_without_images_has_nothing_to_predict(version, owner, project):
    Image.objects.filter(project=project).update(state="failed")

    with pytest.raises(NothingToPredict):
        queue_predictions(user=owner, version=version)


def test_two_workers_make_one_draft_per_image(version, owner, more_images, work_off, in_background):
    queue_predictions(user=owner, version=version, images=[i.pk for i in more_images])
    other = in_background(lambda: tasks.predict.fn("threshold"))
    tasks.predict.fn("threshold")
    other.join(JOIN_S)
    work_off()

    assert PredictionRun.objects.filter(image__in=more_images, layer__isnull=False).count() == 3
    for image in more_images:
        assert image.layers.count() == 1
