"""Train: watch the engine's child, store its checkpoint, register the version."""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from project.errors import OutOfMemory, ResourceProblem
from project.processes import ChildEnd, run_child
from training.datasets.crops import REPLAY
from training.engines import registry
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, LeaseLost, attempt
from training.jobs.checkpoints import (
    Finished,
    checkpoint_folder,
    remove_run_folder,
    run_folder,
    store_finished,
)
from training.jobs.memory import with_half_the_batch
from training.jobs.pauses import over_now
from training.jobs.region_files import write_region_files, write_replay_files
from training.jobs.register import FollowUp, register_version
from training.models import EpochRecord, RunState, TrainingRun
from training.queries.replay import replay_of
from training.queries.sets import anisotropy_of_set, read_manifest
from training.supervision.archive import unpack
from training.supervision.child import (
    child_argv,
    child_environment,
    oom_kills,
    training_limits,
)
from training.supervision.progress import LogTail, TimeLeft
from training.supervision.warm import ChildCrashed, EngineDefect, EngineRefused

logger = logging.getLogger(__name__)

LOG_EVERY_S = 1.0  # lines on the page
LOG_SAVE_EVERY_S = 10.0  # lines in the row: rewriting 200 kB each second would be waste
GRACE_S = 20.0  # to leave the current step after being asked to stop
# To a pause the step belongs that is going on, and on a slow machine one takes a minute.
PAUSE_GRACE_S = 180.0
BEGAN_AGAIN = "Its checkpoint is not on this machine, so the training began again."
KEPT_PROGRESS = ("epoch", "of", "step", "n_steps", "n_epochs", "batch_size")


def train(run_id: Any) -> Ended[FollowUp]:
    """Do a queued training run to its end; a second message for the same run does nothing."""
    ended = attempt(TrainingRun, run_id, _train, on_change=news.publish_run_by_id)
    state = TrainingRun.objects.filter(pk=run_id).values_list("state", flat=True).first()
    if state in RunState.terminal_states():
        remove_run_folder(run_id)
    return ended


def _train(ours: Attempt[TrainingRun]) -> FollowUp:
    run = TrainingRun.objects.select_related("training_set", "parent").get(pk=ours.pk)
    folder = run_folder(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    begin(ours, run)
    watch = TrainingWatch(ours, run, folder)
    kills_before = oom_kills()
    try:
        message = child_message(run, folder)
        ours.write(n_replayed=n_replayed(message))
        end = run_child(
            child_argv("train", run.engine),
            job=message,
            limits=training_limits(run.max_minutes),
            on_report=watch.take,
            should_stop=watch.should_stop,
            log_path=folder / "log.txt",
            env=child_environment(),
            cwd=folder,
            grace_s=watch.grace_s,
        )
    finally:
        watch.save_log()
    ours.check()  # cancelled, lost, paused or stopping: what the child made is not wanted now
    try:
        finished = watch.finished_or_raise(end, n_oom_kills=oom_kills() - kills_before)
    except OutOfMemory as error:
        raise with_half_the_batch(run, watch.progress, error) from error
    stored = store_finished(finished)
    with transaction.atomic():
        after = register_version(run, stored)
        ours.finish(
            RunState.FINISHED,
            progress={**watch.progress, "stage": "done"},
            peak_mib=finished.peak_mib,
        )
    return after


def begin(ours: Attempt[TrainingRun], run: TrainingRun) -> None:
    """Say that the attempt begins; one without a checkpoint repeats every epoch."""
    if run.resume_file and not (run_folder(run.pk) / run.resume_file).is_file():
        run.resume_file, run.warnings = "", [*run.warnings, BEGAN_AGAIN]
    with transaction.atomic():
        ours.write(
            progress=first_progress(run),
            resume_file=run.resume_file,
            warnings=run.warnings,
            **over_now(run),
        )
        if not run.resume_file:
            EpochRecord.objects.filter(run=run).delete()


def first_progress(run: TrainingRun) -> dict[str, Any]:
    """Return what is known when an attempt begins: with a checkpoint, how far that is."""
    kept = KEPT_PROGRESS if run.resume_file else ()
    return {name: run.progress[name] for name in kept if name in run.progress} | {
        "stage": "preparing"
    }


def seconds_left(run: TrainingRun) -> float | None:
    """Return what is left of the time that was given; the epochs so far were within it."""
    if not run.max_minutes:
        return None
    spent_s = EpochRecord.objects.filter(run=run).aggregate(sum=Sum("duration_s"))["sum"]
    return max(0.0, run.max_minutes * 60 - (spent_s or 0.0))


def child_message(run: TrainingRun, folder: Path) -> dict[str, Any]:
    """Write what the child may read and return what it is told."""
    for earlier in folder.glob("attempt-*"):  # what one had to keep was packed beside them
        shutil.rmtree(earlier, ignore_errors=True)
    workdir = folder / f"attempt-{run.attempt}"
    workdir.mkdir()
    if run.resume_file:
        unpack(folder / run.resume_file, workdir)
    parent = checkpoint_folder(run.parent.checkpoint_digest) if run.parent else None
    max_seconds = run.max_minutes * 60 if run.max_minutes is not None else None
    n_dims = registry.spec(run.engine).n_dims
    regions = write_region_files(run.training_set, folder / "regions", n_dims=n_dims)
    regions += write_replay_files(replay_of(run), folder / "replay", n_dims=n_dims)
    return {
        "attempt": run.attempt,
        "resume_folder": str(folder),
        "target": str(folder / f"finished-{run.attempt}.zip"),
        "export_target": str(folder / f"export-{run.attempt}.zip"),
        "job": {
            "regions": regions,
            "params": run.params,
            "channels": run.channels,
            "seed": run.seed,
            "workdir": str(workdir),
            "parent": str(parent) if parent else None,
            "pretrained": run.pretrained,
            "max_seconds": max_seconds,
            "device": settings.CYTOLOOP_DEVICE,
            "n_threads": settings.CYTOLOOP_CPUS,
            "offline": settings.CYTOLOOP_OFFLINE,
            "classes": classes_to_tell(run),
            "anisotropy": anisotropy_of_set(read_manifest(run.training_set)),
        },
    }


def classes_to_tell(run: TrainingRun) -> list[str]:
    """Return the kinds of objects that a run learns to tell apart, if its engine can."""
    if not registry.spec(run.engine).classifies:
        return []
    names: list[str] = read_manifest(run.training_set).get("classes", [])
    return names


def n_replayed(message: dict[str, Any]) -> int:
    """Count the regions that are replayed."""
    return sum(region["split"] == REPLAY for region in message["job"]["regions"])


class TrainingWatch:
    """Takes a child's reports into the row, under the lease."""

    def __init__(self, ours: Attempt[TrainingRun], run: TrainingRun, folder: Path) -> None:
        self._ours, self._run, self._folder = ours, run, folder
        self._log = LogTail(folder / "log.txt")
        self._log_seen = self._log_saved = time.monotonic()
        self._time_left = TimeLeft(seconds_left(run))
        self._warnings: list[str] = list(run.warnings)
        self._resume_file = run.resume_file
        self._finished: Finished | None = None
        self._failure: Exception | None = None
        self.progress = first_progress(run)

    def should_stop(self) -> bool:
        """Tell whether the child should end; also the moment to look at its log."""
        now = time.monotonic()
        if now - self._log_seen >= LOG_EVERY_S:
            self._log_seen = now
            self._show_log()
        if now - self._log_saved >= LOG_SAVE_EVERY_S:
            self._log_saved = now
            self._ours.write(log=self._log.newest())
        return self._ours.beat.should_stop()

    def grace_s(self) -> float:
        """Return how long the child may take to leave its step and write its checkpoint."""
        return PAUSE_GRACE_S if self._ours.beat.pause_requested else GRACE_S

    def take(self, report: dict[str, Any]) -> None:
        """Store one report; raises LeaseLost."""
        takers: dict[str, Callable[[dict[str, Any]], None]] = {
            "stage": self._stage,
            "epoch": self._epoch,
            "checkpoint": self._checkpoint,
            "warn": self._warn,
            "done": self._done,
            "error": self._error,
            "crash": self._crash,
        }
        taker = takers.get(report.get("type", ""))
        if taker is not None:
            taker(report)

    def finished_or_raise(self, end: ChildEnd, *, n_oom_kills: int = 0) -> Finished:
        """Return what was made, or raise why nothing was.

        `n_oom_kills`: processes that the system killed for lack of memory meanwhile.
        """
        if isinstance(self._failure, EngineRefused) and self._failure.code == OutOfMemory.code:
            raise OutOfMemory(self._failure.message) from self._failure
        if self._failure is not None:
            raise self._failure
        if end.too_big:
            raise OutOfMemory(
                f"The training took more than {settings.CYTOLOOP_TRAIN_MAX_MIB} MiB of memory. "
                "Choose a smaller batch or crop size, or raise CYTOLOOP_TRAIN_MAX_MIB."
            )
        if end.signal == signal.SIGKILL and n_oom_kills > 0:
            raise OutOfMemory(
                "The machine ran out of memory during the training. Choose a smaller batch or crop "
                "size, or a machine with more memory."
            )
        if end.timed_out:
            raise ResourceProblem("The training did not end in its time and was stopped.")
        if self._finished is None:
            raise ChildCrashed(self._crash_sentence(end))
        return self._finished

    def save_log(self) -> None:
        """Keep the newest part of the log with the row, if it is still ours."""
        with contextlib.suppress(LeaseLost):
            self._show_log()
            self._ours.write(log=self._log.newest())

    def _crash_sentence(self, end: ChildEnd) -> str:
        how = f"by signal {end.signal}" if end.signal else f"with status {end.exit_code}"
        guess = (
            " Signal 9 usually means that the machine ran out of memory: choose a smaller batch "
            "or crop size."
            if end.signal == signal.SIGKILL
            else ""
        )
        return f"The engine's process ended unexpectedly, {how}.{guess}"

    def _show_log(self) -> None:
        text = self._log.new_text()
        if text:
            news.publish_log(self._run.pk, text)

    def _stage(self, report: dict[str, Any]) -> None:
        self.progress = {**self.progress, "stage": report["name"], **report["data"]}
        self._ours.write(progress=self.progress)
        news.publish_run_by_id(self._run.pk)

    def _epoch(self, report: dict[str, Any]) -> None:
        epoch, of = report["epoch"], report["n_epochs"]
        seconds_left = self._time_left.after_epoch(epoch, of, report["duration_s"])
        self.progress = {
            **self.progress,
            "epoch": epoch,
            "of": of,
            "seconds_left": round(seconds_left, 1),
        }
        with transaction.atomic():
            # The row stays locked to the commit: no other attempt writes the same epoch.
            self._ours.write(progress=self.progress)
            record = store_epoch(self._run, report)
            news.publish_epoch(self._run.pk, record, self.progress)

    def _checkpoint(self, report: dict[str, Any]) -> None:
        name = Path(report["name"]).name
        self.progress = {**self.progress, **report.get("reached", {})}
        self._ours.write(resume_file=name, progress=self.progress)
        if self._resume_file and self._resume_file != name:
            (self._folder / self._resume_file).unlink(missing_ok=True)
        self._resume_file = name

    def _warn(self, report: dict[str, Any]) -> None:
        if report["sentence"] not in self._warnings:
            self._warnings.append(report["sentence"])
            self._ours.write(warnings=self._warnings)
            news.publish_run_by_id(self._run.pk)

    def _done(self, report: dict[str, Any]) -> None:
        self._finished = Finished.from_report(report)

    def _error(self, report: dict[str, Any]) -> None:
        self._failure = EngineRefused(report["code"], report["message"])

    def _crash(self, report: dict[str, Any]) -> None:
        self._failure = EngineDefect(report["traceback"])


def store_epoch(run: TrainingRun, report: dict[str, Any]) -> dict[str, Any]:
    """Write the record of an epoch, over an older attempt's one, and return its fields."""
    fields = {
        "epoch": report["epoch"],
        "n_epochs": report["n_epochs"],
        "train_loss": finite(report["train_loss"]),
        "validation_loss": finite(report["validation_loss"]),
        "learning_rate": finite(report["learning_rate"]),
        "duration_s": report["duration_s"],
        "metrics": {name: finite(value) for name, value in report["metrics"].items()},
    }
    EpochRecord.objects.bulk_create(
        [EpochRecord(run=run, **fields)],
        update_conflicts=True,
        unique_fields=["run", "epoch"],
        update_fields=[name for name in fields if name != "epoch"],
    )
    return fields


def finite(value: float | None) -> float | None:
    """Return the number, or None for what JSON and charts cannot hold (NaN, infinity)."""
    return value if value is not None and abs(value) < float("inf") else None
