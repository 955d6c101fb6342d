"""A small task of the shape of a training: claimed, done by a child, resumable, ended once.

Loaded by worker processes under test through CYTOLOOP_TASK_MODULES.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import dramatiq
from django.db import transaction

from project.broker import send
from project.leases import Heartbeat, claim, finish, hand_back, register_for_reaping, write
from project.processes import ChildEnd, run_child
from training.models import ModelVersion, RunState, TrainingRun

QUEUE = "train.threshold"
CHILD = """
import os, sys, time
from pathlib import Path
from project.childside import read_job, report
job = read_job()
folder = Path(job["folder"])
checkpoint = folder / "checkpoint"
done = int(checkpoint.read_text()) if checkpoint.exists() else 0
for epoch in range(done + 1, job["n_epochs"] + 1):
    while epoch > job["pause_after"] and not (folder / "go-on").exists():
        time.sleep(0.02)
    time.sleep(job["epoch_s"])
    with open(folder / "epochs", "a") as log:
        log.write(f"{epoch}\\n")
    fresh = folder / f"checkpoint.{os.getpid()}"
    fresh.write_text(str(epoch))
    fresh.replace(checkpoint)
    report(epoch=epoch, pid=os.getpid())
"""


@dramatiq.actor(queue_name=QUEUE, max_retries=0, time_limit=float("inf"), priority=0)
def count_epochs(run_id: str) -> None:
    token = claim(TrainingRun, run_id)
    if token is None:
        return
    run = TrainingRun.objects.get(pk=run_id)

    def record(report: dict[str, Any]) -> None:
        write(TrainingRun, run_id, token, progress={**report, "worker": os.getpid()})

    with Heartbeat(TrainingRun, run_id, token) as beat:
        end = run_child(
            [sys.executable, "-c", CHILD, run_id],
            job=run.params,
            on_report=record,
            should_stop=beat.should_stop,
            grace_s=1,
        )
        close(run, token, beat, end)


def close(run: TrainingRun, token: Any, beat: Heartbeat, end: ChildEnd) -> None:
    if beat.lost:
        return
    if beat.cancel_requested:
        finish(TrainingRun, run.pk, token, RunState.CANCELLED)
    elif beat.stopping and not end.ok:
        hand_back(TrainingRun, run.pk, token)
    elif end.ok:
        with transaction.atomic():
            if finish(TrainingRun, run.pk, token, RunState.FINISHED):
                ModelVersion.objects.create(
                    project=run.project,
                    number=1 + ModelVersion.objects.filter(project=run.project).count(),
                    engine=run.engine,
                    origin="scratch",
                    checkpoint_digest="0" * 64,
                    size_bytes=0,
                )
    else:
        finish(
            TrainingRun,
            run.pk,
            token,
            RunState.FAILED,
            error_message=f"ended with {end.exit_code or -(end.signal or 0)}",
        )


register_for_reaping(TrainingRun, lambda pk: send(count_epochs, str(pk)))
