"""A run that stands still loses nothing: neither its steps, nor its place, nor its time."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from project import leases, processes
from tests.training.conftest import JOIN_S
from tests.training.worlds import wait_for
from training import tasks
from training.actions.runs import RunEnded, cancel_run, pause_run, queue_run, resume_run
from training.api.shapes import LeaderOut
from training.jobs.checkpoints import remove_ended_run_folders, run_folder
from training.jobs.train import seconds_left
from training.models import EpochRecord, Evaluation, ModelVersion, RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

N_EPOCHS = 8


@pytest.fixture
def queued(owner, project, world):
    return queue_run(user=owner, project=project, engine="threshold")


@pytest.fixture
def paused(odd_engine, queued, owner, work_off, in_background):
    """A run that was paused in the middle by a person while a worker had it."""
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 2)
    pause_run(user=owner, run=queued)
    working.join(JOIN_S)
    assert not working.is_alive(), "the worker is free for others"
    queued.refresh_from_db()
    return queued


def go_on(odd_engine, run, owner, work_off, n_more=3):
    """Continue a paused run, so that a few epochs remain to it."""
    odd_engine(epochs=run.epochs.count() + n_more)
    resume_run(user=owner, run=run)
    work_off()
    run.refresh_from_db()


def test_a_paused_run_keeps_its_checkpoint_and_nobody_works_on_it(paused):
    assert (paused.state, paused.attempt, paused.lease) == (RunState.PAUSED, 0, None)
    assert (run_folder(paused.pk) / paused.resume_file).is_file()
    n_done = paused.epochs.count()
    assert paused.progress["step"] == n_done, "its page says where it stands"
    assert paused.paused_at
    assert not paused.finished_at
    assert not paused.pause_requested
    assert not ModelVersion.objects.exists()


def test_neither_messages_nor_clocks_wake_or_tidy_it_away(paused, work_off, settings):
    settings.CYTOLOOP_RING_AGAIN_S = 0
    tasks.ring_for_run(paused.pk)
    work_off()
    later = timezone.now() + timedelta(days=30)
    assert leases.reap(TrainingRun, tasks.ring_for_run, tasks.end_lost_run) == 0
    assert remove_ended_run_folders(later) == 0

    paused.refresh_from_db()
    assert paused.state == RunState.PAUSED
    assert (run_folder(paused.pk) / paused.resume_file).is_file()


def test_a_continued_run_ends_as_the_version_that_it_would_have_become(
    odd_engine, paused, owner, project, work_off
):
    n_done = paused.epochs.count()
    go_on(odd_engine, paused, owner, work_off)

    assert paused.state == RunState.FINISHED, paused.error_message
    assert f"beginning at epoch {n_done + 1}" in paused.log
    assert [one.epoch for one in paused.epochs.order_by("epoch")] == list(range(1, n_done + 4))
    whole = queue_run(user=owner, project=project, engine="threshold")
    work_off()
    whole.refresh_from_db()
    assert whole.version.checkpoint_digest == paused.version.checkpoint_digest
    curves = [
        list(run.epochs.order_by("epoch").values_list("epoch", "train_loss"))
        for run in (whole, paused)
    ]
    assert curves[0] == curves[1]
    assert not run_folder(paused.pk).exists()


def test_a_run_whose_checkpoint_is_lost_begins_again_and_says_so(
    odd_engine, paused, owner, work_off
):
    (run_folder(paused.pk) / paused.resume_file).unlink()
    odd_engine(epochs=2)
    resume_run(user=owner, run=paused)
    work_off()

    paused.refresh_from_db()
    assert paused.state == RunState.FINISHED, paused.error_message
    assert paused.epochs.count() == 2, "those of before are not of this training"
    assert any("began again" in sentence for sentence in paused.warnings)


def test_the_next_run_of_the_queue_takes_the_free_place(
    odd_engine, queued, owner, project, work_off, in_background
):
    odd_engine(epochs=30, epoch_s=0.1)
    other = queue_run(user=owner, project=project, engine="threshold")
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 1)
    odd_engine(epochs=3)

    pause_run(user=owner, run=queued)
    working.join(JOIN_S)

    other.refresh_from_db()
    queued.refresh_from_db()
    assert (queued.state, other.state) == (RunState.PAUSED, RunState.FINISHED)


def test_a_run_paused_before_it_began_waits_for_a_person_and_not_for_a_worker(
    odd_engine, queued, owner, work_off
):
    assert pause_run(user=owner, run=queued).state == RunState.PAUSED
    work_off()
    queued.refresh_from_db()
    assert (queued.state, queued.attempt, queued.log) == (RunState.PAUSED, 0, "")

    resume_run(user=owner, run=queued)
    work_off()

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, queued.error_message
    assert queued.paused_s < 60, "what it waited before it began is no time of the training"


def test_pausing_and_continuing_twice_is_as_once(odd_engine, paused, owner, work_off):
    assert pause_run(user=owner, run=paused).state == RunState.PAUSED
    resume_run(user=owner, run=paused)
    assert resume_run(user=owner, run=paused).state == RunState.QUEUED
    odd_engine(epochs=paused.epochs.count() + 1)
    work_off()

    paused.refresh_from_db()
    assert (paused.state, paused.attempt) == (RunState.FINISHED, 1)
    assert ModelVersion.objects.count() == 1


def test_whoever_changes_their_mind_before_the_worker_heard_it_loses_no_run(
    odd_engine, queued, owner, work_off, in_background
):
    odd_engine(epochs=30, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 1)

    pause_run(user=owner, run=queued)
    resume_run(user=owner, run=queued)
    working.join(JOIN_S)

    queued.refresh_from_db()
    assert queued.state == RunState.FINISHED, "whether its worker went on or began again"
    assert not queued.pause_requested


def test_a_paused_run_can_be_cancelled_and_leaves_nothing(paused, owner, work_off):
    cancel_run(user=owner, run=paused)
    work_off()

    paused.refresh_from_db()
    assert (paused.state, paused.error_code) == (RunState.CANCELLED, "cancelled")
    assert paused.finished_at
    assert not run_folder(paused.pk).exists()
    for action in (pause_run, resume_run):
        with pytest.raises(RunEnded, match="already ended: cancelled"):
            action(user=owner, run=paused)


def test_a_run_that_is_being_cancelled_cannot_be_paused(queued, owner):
    TrainingRun.objects.filter(pk=queued.pk).update(state=RunState.RUNNING, lease=uuid.uuid4())
    cancel_run(user=owner, run=queued)

    for action in (pause_run, resume_run):
        with pytest.raises(RunEnded, match="being cancelled"):
            action(user=owner, run=queued)


def test_cancelling_wins_over_a_pause_that_was_asked_for(
    odd_engine, queued, owner, work_off, in_background
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: queued.epochs.count() >= 1)

    pause_run(user=owner, run=queued)
    cancel_run(user=owner, run=queued)
    working.join(JOIN_S)

    queued.refresh_from_db()
    assert queued.state == RunState.CANCELLED


def test_a_worker_that_dies_while_pausing_leaves_a_paused_run(
    odd_engine, queued, owner, work_off, in_background
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(work_off)
    wait_for(lambda: TrainingRun.objects.exclude(resume_file="").exists())
    past = timezone.now() - timedelta(seconds=1)
    # As a machine that lost its power leaves the row; what its worker does later is refused.
    dead = TrainingRun.objects.filter(pk=queued.pk)
    dead.update(lease=uuid.uuid4(), lease_until=past, pause_requested=True)
    working.join(JOIN_S)

    leases.reap(TrainingRun, tasks.ring_for_run, tasks.end_lost_run)

    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == (RunState.PAUSED, 1)
    n_done = queued.epochs.count()
    go_on(odd_engine, queued, owner, work_off)
    assert queued.state == RunState.FINISHED, queued.error_message
    assert queued.epochs.count() == n_done + 3
    assert "beginning at epoch 1\n" in queued.log
    assert queued.log.count("beginning at epoch 1\n") == 1, "the second time from its checkpoint"


def test_a_child_that_dies_while_pausing_leaves_a_paused_run(
    odd_engine, queued, work_off, tmp_path
):
    odd_engine(epochs=5, fail="kill", fail_epoch=4, fail_once=str(tmp_path / "killed"))
    TrainingRun.objects.filter(pk=queued.pk).update(pause_requested=True)
    tasks.train.fn(str(queued.pk))

    queued.refresh_from_db()
    assert queued.state == RunState.PAUSED


def test_a_site_that_stops_meanwhile_pauses_all_the_same(
    odd_engine, queued, owner, in_background, sent_messages
):
    odd_engine(epochs=1000, epoch_s=0.1)
    working = in_background(lambda: tasks.train.fn(str(queued.pk)))
    wait_for(lambda: queued.epochs.count() >= 1)
    n_sent = len(sent_messages("train.threshold"))

    pause_run(user=owner, run=queued)
    processes.stopping.set()
    try:
        working.join(JOIN_S)
    finally:
        processes.stopping.clear()

    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == (RunState.PAUSED, 0)
    assert len(sent_messages("train.threshold")) == n_sent, "no worker is told to go on"


def test_time_that_a_run_stood_is_no_time_that_it_trained(odd_engine, paused, owner, work_off):
    hour_ago = timezone.now() - timedelta(hours=1)
    once_before = {"paused_s": 100, "started_at": hour_ago - timedelta(seconds=100)}
    TrainingRun.objects.filter(pk=paused.pk).update(paused_at=hour_ago, **once_before)
    go_on(odd_engine, paused, owner, work_off)

    assert 3700 <= paused.paused_s < 3700 + JOIN_S
    assert paused.paused_at is None
    measured = Evaluation.objects.get(version=paused.version)
    assert LeaderOut(measured).data["trained_s"] < JOIN_S


def test_of_the_time_given_what_was_trained_is_gone_and_what_was_waited_is_not(queued):
    queued.max_minutes = 2.0
    assert seconds_left(queued) == 120
    EpochRecord.objects.create(run=queued, epoch=1, n_epochs=2, duration_s=30)
    queued.paused_s = 1000

    assert seconds_left(queued) == 90
