"""Real workers that share a large image: one is killed, another finishes; a cancel stops both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
from django.db import connection

from project.storage import put_file
from project.worker import n_serving
from tests.training.jobs.parts.worlds import drawn, scattered
from tests.training.worlds import stored_image, wait_for
from training.actions.predictions import cancel_prediction, queue_predictions
from training.models import ModelVersion, PredictionPart, PredictionRun, RunState
from training.supervision.archive import pack

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
PART_PX = 700
N_PARTS = 9
LEASE_S = 5


@pytest.fixture
def start_worker(odd_engine, site_environment):
    """Return a function that starts a worker; all are gone after the test."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dramatiq.queue")
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "-m", "project.worker", "predict.threshold"],
            cwd=ROOT,
            env={
                **site_environment,
                "ODD_ENGINE": os.environ["ODD_ENGINE"],
                "CYTOLOOP_ENGINE_PYTHON_THRESHOLD": os.environ["CYTOLOOP_ENGINE_PYTHON_THRESHOLD"],
                "CYTOLOOP_LEASE_S": str(LEASE_S),
                "CYTOLOOP_PART_PX": str(PART_PX),
            },
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


@pytest.fixture
def version(project, tmp_path):
    """A version of the odd engine, without a training."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"level": 60}))
    pack(folder, tmp_path / "checkpoint.zip")
    return ModelVersion.objects.create(
        project=project,
        number=1,
        engine="threshold",
        origin="upload",
        size_bytes=1,
        checkpoint_digest=put_file(tmp_path / "checkpoint.zip"),
        channels={"count": 1, "mapping": [0]},
    )


@pytest.fixture
def large(project):
    return stored_image(project, scattered(1500, 1300)[1], name="large")


def states():
    return Counter(PredictionPart.objects.values_list("state", flat=True))


def two_at_work(start_worker, owner, version, image):
    """Have one worker hold the prediction and another one help; return both."""
    queue_predictions(user=owner, version=version, images=[image.pk])
    holder = start_worker()
    wait_for(lambda: states()[RunState.RUNNING] == 1)
    helper = start_worker()
    wait_for(lambda: n_serving("predict.threshold") == 2)
    wait_for(lambda: states()[RunState.RUNNING] == 2)
    return holder, helper


@pytest.mark.parametrize("victim", ["holder", "helper"])
def test_a_worker_is_killed_and_the_other_finishes_without_repeating_what_was_stored(
    start_worker, odd_engine, owner, version, large, tmp_path, victim
):
    seen = tmp_path / "seen"
    odd_engine(predict_s=4, seen=str(seen))
    holder, helper = two_at_work(start_worker, owner, version, large)
    os.killpg((holder if victim == "holder" else helper).pid, signal.SIGKILL)

    def row():
        return PredictionRun.objects.select_related("layer", "image").get()

    wait_for(lambda: row().state in RunState.terminal_states())

    made = row()
    assert made.state == RunState.FINISHED, made.error_message or made.traceback
    n_times = Counter(seen.read_text().split())
    assert len(n_times) == N_PARTS
    assert sum(n_times.values()) <= N_PARTS + 1, "only the part that the killed one was at"
    assert made.n_instances == drawn(made).max() > 100
    assert not PredictionPart.objects.exists()


def test_a_cancel_stops_the_parts_of_all_workers(start_worker, odd_engine, owner, version, large):
    odd_engine(predict_s=600)
    workers = [start_worker(), start_worker()]
    wait_for(lambda: n_serving("predict.threshold") == 2)
    queue_predictions(user=owner, version=version, images=[large.pk])
    wait_for(lambda: states()[RunState.RUNNING] == 2)

    cancel_prediction(user=owner, prediction=PredictionRun.objects.get())
    wait_for(lambda: PredictionRun.objects.get().state == RunState.CANCELLED)
    wait_for(lambda: not states()[RunState.RUNNING])

    assert not states()[RunState.QUEUED]
    assert all(worker.poll() is None for worker in workers)
    assert not PredictionRun.objects.get().layer
    for worker in workers:
        wait_for(lambda worker=worker: not predicting(worker))


def predicting(worker):
    children = psutil.Process(worker.pid).children(recursive=True)
    return [one for one in children if "child_main" in " ".join(one.cmdline())]
