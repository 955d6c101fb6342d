"""Real workers, real kills: every run ends exactly once and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Project
from project import leases
from project.broker import send
from training.models import ModelVersion, RunState, TrainingRun, TrainingSet

ROOT = Path(__file__).resolve().parents[2]
N_EPOCHS = 10
LEASE_S = 4
pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def only_these_tasks(monkeypatch):
    """Put the real registrations aside: the reaper shall know our task only."""
    monkeypatch.setattr(leases, "_registered", {})


@pytest.fixture
def start_worker(site_environment):
    """Return a function that starts a worker process; all are gone after the test.

    Only where a lease shall run out is it short: a busy machine may lose a short one.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dramatiq.queue")
    started: list[subprocess.Popen] = []

    def start(lease_s: int = 60) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "-m", "project.worker", "train.threshold"],
            cwd=ROOT,
            env={
                **site_environment,
                "CYTOLOOP_LEASE_S": str(lease_s),
                "CYTOLOOP_TASK_MODULES": "tests.project.crash_tasks",
            },
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.poll()
        if worker.returncode is None:
            os.kill(worker.pid, signal.SIGCONT)
            worker.kill()
        worker.wait()


@pytest.fixture
def run(tmp_path) -> TrainingRun:
    """Return a queued run of ten short epochs, its message sent."""
    project = Project.objects.create(name="crashes")
    training_set = TrainingSet.objects.create(project=project, number=1, manifest_digest="0" * 64)
    (tmp_path / "run").mkdir()
    made = TrainingRun.objects.create(
        project=project,
        number=1,
        training_set=training_set,
        engine="threshold",
        params={
            "folder": str(tmp_path / "run"),
            "n_epochs": N_EPOCHS,
            "epoch_s": 0.1,
            "pause_after": N_EPOCHS,
        },
    )
    ring(made)
    return made


def ring(run: TrainingRun) -> None:
    from tests.project.crash_tasks import count_epochs

    send(count_epochs, str(run.pk))


def pause_after(run: TrainingRun, epoch: int) -> None:
    """Let the run wait there, so that it cannot end before the test has done its worst."""
    run.params["pause_after"] = epoch
    run.save(update_fields=["params"])


def go_on(run: TrainingRun) -> None:
    Path(run.params["folder"], "go-on").touch()


def wait_for(condition):
    deadline = time.monotonic() + 120  # against hanging only
    while not (found := condition()):
        assert time.monotonic() < deadline, f"timeout waiting for {condition}"
        time.sleep(0.05)
    return found


def progress_of(run: TrainingRun) -> dict:
    run.refresh_from_db()
    return run.progress


def wait_for_epoch(run: TrainingRun, epoch: int) -> dict:
    return wait_for(lambda: (now := progress_of(run)).get("epoch", 0) >= epoch and now)


def wait_for_end(run: TrainingRun) -> None:
    wait_for(lambda: progress_of(run) is None or run.state in RunState.terminal_states())


def wait_for_workers_to_be_idle() -> None:
    """Wait until every message has been taken and given back."""

    def no_message() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM dramatiq.queue")
            return cursor.fetchone() == (0,)

    wait_for(no_message)


def children_of(run: TrainingRun) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and str(run.pk) in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def epochs_run(run: TrainingRun) -> Counter:
    return Counter(int(n) for n in Path(run.params["folder"], "epochs").read_text().split())


def assert_ended_once(run: TrainingRun, *, repeats: int) -> None:
    counts = epochs_run(run)
    assert set(counts) == set(range(1, N_EPOCHS + 1))
    assert sum(counts.values()) - N_EPOCHS <= repeats, "it resumed at its last checkpoint"
    assert run.state == RunState.FINISHED
    assert run.lease is None
    assert ModelVersion.objects.count() == 1
    wait_for(lambda: not children_of(run))


def test_a_run_goes_through_and_a_second_message_changes_nothing(start_worker, run):
    pause_after(run, 1)
    worker = start_worker()
    wait_for_epoch(run, 1)
    ring(run)
    ring(run)
    go_on(run)
    wait_for_end(run)

    # The worker takes the two messages, finds nothing to claim, drops them.
    wait_for_workers_to_be_idle()

    run.refresh_from_db()
    assert_ended_once(run, repeats=0)
    assert run.attempt == 1
    assert worker.poll() is None


def test_two_workers_and_one_message_each_make_one_run(start_worker, run):
    ring(run)
    start_worker(), start_worker()

    wait_for_end(run)

    assert_ended_once(run, repeats=0)
    assert run.attempt == 1


def test_a_killed_worker_takes_its_child_along_and_another_worker_goes_on(start_worker, run):
    pause_after(run, 4)
    start_worker(LEASE_S), start_worker(LEASE_S)
    progress = wait_for_epoch(run, 4)

    os.kill(progress["worker"], signal.SIGKILL)
    wait_for(lambda: progress["pid"] not in {child.pid for child in children_of(run)})
    go_on(run)
    wait_for_end(run)

    assert_ended_once(run, repeats=1)
    assert run.attempt == 2


def test_a_frozen_worker_that_wakes_up_finds_its_run_taken(start_worker, run):
    pause_after(run, 3)
    start_worker(LEASE_S), start_worker(LEASE_S)
    frozen = wait_for_epoch(run, 3)["worker"]

    os.kill(frozen, signal.SIGSTOP)
    go_on(run)
    # Its child goes on alone for a while: what counts is who may write into the row.
    wait_for(lambda: progress_of(run) is not None and run.attempt == 2)
    os.kill(frozen, signal.SIGCONT)
    wait_for_end(run)

    wait_for_workers_to_be_idle()  # the zombie too has noticed that its lease is lost
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert run.attempt == 2
    assert ModelVersion.objects.count() == 1
    wait_for(lambda: not children_of(run))


FROZEN_REAPER = """
import os, signal, django
django.setup()
from project import leases
from training.models import TrainingRun
freeze = lambda pk: os.kill(os.getpid(), signal.SIGSTOP)
leases.register_for_reaping(TrainingRun, freeze)
leases.reap_registered()
"""


def test_a_worker_frozen_while_it_reaps_does_not_keep_the_others_from_reaping(
    run, site_environment
):
    TrainingRun.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING, lease=uuid.uuid4(), lease_until=timezone.now(), attempt=1
    )
    frozen = subprocess.Popen(
        [sys.executable, "-c", FROZEN_REAPER],
        cwd=ROOT,
        env={
            **site_environment,
            "CYTOLOOP_LEASE_S": "6",
            "DJANGO_SETTINGS_MODULE": "project.settings",
        },
    )
    rung: list[object] = []
    leases.register_for_reaping(TrainingRun, rung.append)
    try:
        wait_for(lambda: psutil.Process(frozen.pid).status() == psutil.STATUS_STOPPED)
        assert leases.reap_registered() == 0, "the frozen one holds the lock"

        wait_for(lambda: leases.reap_registered() == 1)

        assert rung == [run.pk]
    finally:
        frozen.kill()
        frozen.wait()


def test_a_worker_that_is_asked_to_stop_hands_its_run_to_another(start_worker, run):
    pause_after(run, 4)
    start_worker(), start_worker()
    progress = wait_for_epoch(run, 4)

    os.kill(progress["worker"], signal.SIGTERM)
    wait_for(lambda: progress["pid"] not in {child.pid for child in children_of(run)})
    go_on(run)
    taken_over = wait_for(
        lambda: (now := progress_of(run)).get("worker") != progress["worker"] and now
    )
    wait_for_end(run)

    assert taken_over["epoch"] > 4
    assert_ended_once(run, repeats=1)
    assert run.attempt == 1, "a clean stop uses up no attempt"


def test_a_killed_child_ends_its_run_at_once_with_the_reason(start_worker, run):
    pause_after(run, 2)
    worker = start_worker()
    progress = wait_for_epoch(run, 2)

    os.kill(progress["pid"], signal.SIGKILL)
    wait_for_end(run)

    assert run.state == RunState.FAILED
    assert run.error_message == "ended with -9"
    assert worker.poll() is None, "the worker lives on"


def test_a_cancelled_run_stops_long_before_its_end(start_worker, run):
    run.params["n_epochs"] = 1000
    run.save(update_fields=["params"])
    start_worker()
    wait_for_epoch(run, 2)

    TrainingRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    wait_for_end(run)

    assert run.state == RunState.CANCELLED
    assert ModelVersion.objects.count() == 0
    wait_for(lambda: not children_of(run))


def test_a_run_that_kills_every_worker_is_lost_in_the_end(start_worker, run):
    run.params["n_epochs"] = 10_000
    run.save(update_fields=["params"])
    for _ in range(run.max_attempts):
        start_worker(LEASE_S)
        worker = wait_for(lambda: worker_of_newest_attempt(run))
        os.kill(worker, signal.SIGKILL)
        TrainingRun.objects.filter(pk=run.pk).update(progress={})
    start_worker(LEASE_S)
    wait_for_end(run)

    assert run.state == RunState.LOST
    assert run.error_code == "worker_lost"
    assert "vanished 3 times" in run.error_message
    assert run.finished_at is not None


def worker_of_newest_attempt(run: TrainingRun) -> int | None:
    worker = progress_of(run).get("worker")
    return worker if run.state == RunState.RUNNING else None


def test_a_message_that_got_lost_is_sent_again(start_worker, run, settings):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dramatiq.queue")
    before = timezone.now() - timedelta(seconds=200)
    TrainingRun.objects.filter(pk=run.pk).update(queued_at=before)

    start_worker()
    wait_for_end(run)

    assert_ended_once(run, repeats=0)
