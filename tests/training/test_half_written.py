"""Processes killed at the worst moments: what they leave is whole, or is mended later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from annotations.models import ChunkState, LabelChunk, LabelOp
from project import leases, storage
from project.garbage import collect
from tests.annotations.painting import check_in_step, new_id, paint_box
from tests.factories import ImageFactory, LayerFactory
from training import tasks
from training.actions.runs import queue_run
from training.jobs.checkpoints import run_folder
from training.jobs.train import train
from training.models import Evaluation, ModelVersion, PredictionRun, RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import os, signal, sys, uuid
import django
django.setup()
def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run_until_killed(environment, code, *arguments):
    ended = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, *arguments],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def all_blobs():
    return {path.name for path in storage.blobs_dir().glob("??/*")}


PAINT = """
from django.contrib.auth import get_user_model
from annotations.models import LabelLayer
from project import inserts
from tests.annotations.painting import paint_box
inserts.insert = die
user = get_user_model().objects.get(username=sys.argv[1])
paint_box(user, LabelLayer.objects.get(), (0, 0, 30, 30))
"""


def test_killed_between_the_chunk_and_its_row(annotator, project, site_environment):
    layer = LayerFactory(image=ImageFactory(project=project))

    run_until_killed(site_environment, PAINT, annotator.username)

    left = all_blobs()
    assert left, "the chunk was on the disk already"
    assert not LabelOp.objects.exists()
    assert not LabelChunk.objects.exists()
    assert not ChunkState.objects.exists()
    layer.refresh_from_db()
    paint_box(annotator, layer, (300, 300, 330, 330))
    check_in_step(layer)
    for digest in left:
        os.utime(storage.blob_path(digest), (time.time() - 90_000,) * 2)
    assert collect()["n_removed"] == len(left)
    check_in_step(layer)


TRAIN = """
from training.jobs import train
setattr(train, sys.argv[2], die)
train.train(uuid.UUID(sys.argv[1]))
"""


@pytest.mark.parametrize("moment", ["store_finished", "register_version", "remove_run_folder"])
def test_a_worker_killed_at_the_end_of_a_training_leaves_one_version(
    odd_engine, owner, project, world, site_environment, work_off, moment
):
    run = queue_run(user=owner, project=project, engine="threshold")

    run_until_killed(site_environment, TRAIN, str(run.pk), moment)

    run.refresh_from_db()
    is_done = moment == "remove_run_folder"
    assert run.state == (RunState.FINISHED if is_done else RunState.RUNNING)
    assert ModelVersion.objects.count() == is_done
    assert run_folder(run.pk).exists()
    TrainingRun.objects.filter(state=RunState.RUNNING).update(lease_until=timezone.now())
    leases.reap_registered()
    tasks.ring_for_run(run.pk)  # the broker delivers the message again that nobody acknowledged
    work_off()
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.FINISHED, 1 if is_done else 2)
    assert ModelVersion.objects.count() == 1
    assert not run_folder(run.pk).exists()


def test_what_follows_from_a_training_is_rung_for_when_the_worker_died_before_it_could(
    odd_engine, owner, project, world, work_off
):
    run = queue_run(user=owner, project=project, engine="threshold")
    train(run.pk)  # committed; the messages of what follows are never sent
    for model in (Evaluation, PredictionRun):
        assert set(model.objects.values_list("state", flat=True)) == {RunState.QUEUED}
        model.objects.update(queued_at=timezone.now() - timedelta(hours=1))

    leases.reap_registered()
    work_off()

    for model in (Evaluation, PredictionRun):
        assert set(model.objects.values_list("state", flat=True)) == {RunState.FINISHED}


def test_the_folder_of_a_run_that_ended_unseen_is_removed_by_the_daily_collection(
    odd_engine, owner, project, world, site_environment
):
    ended, waiting = (queue_run(user=owner, project=project, engine="threshold") for _ in "12")
    TrainingRun.objects.filter(pk=ended.pk).update(state=RunState.LOST)
    for run in (ended, waiting):
        run_folder(run.pk).mkdir(parents=True)
        os.utime(run_folder(run.pk), (time.time() - 90_000,) * 2)

    collect()

    assert not run_folder(ended.pk).exists()
    assert run_folder(waiting.pk).exists()


def test_ids_that_were_handed_out_to_a_tab_that_died_are_not_handed_out_again(annotator, project):
    layer = LayerFactory(image=ImageFactory(project=project))

    assert new_id(annotator, layer) < new_id(annotator, layer)
