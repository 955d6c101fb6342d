"""Training runs: lists, and one run with its epochs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from annotations.models import Project
from annotations.rules import visible_projects
from project.errors import NotFound
from training.models import EpochRecord, ModelVersion, TrainingRun


def visible_runs(user: Any) -> QuerySet[TrainingRun]:
    """Return runs of the person's projects, newest first, without their logs."""
    return (
        TrainingRun.objects.filter(project__in=visible_projects(user))
        .select_related("parent", "version", "training_set", "created_by")
        .defer("log", "traceback")
        .order_by("-created_at", "-number")
    )


def runs_of_project(user: Any, project: Project) -> QuerySet[TrainingRun]:
    """Return runs of one project, newest first."""
    return visible_runs(user).filter(project=project)


def one_run(user: Any, run_id: Any) -> TrainingRun:
    """Return a run with its log; raises NotFound."""
    run = visible_runs(user).defer(None).select_related("project").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such training run, or you are not a member of its project.")
    return run


def epochs_of(run: TrainingRun) -> QuerySet[EpochRecord]:
    """Return the epochs of a run in order."""
    return EpochRecord.objects.filter(run=run).order_by("epoch")


def run_state(run: TrainingRun) -> dict[str, Any]:
    """Describe a run's state as an event."""
    version_id = ModelVersion.objects.filter(run=run).values_list("pk", flat=True).first()
    return {
        "type": "state",
        "id": str(run.pk),
        "number": run.number,
        "engine": run.engine,
        "state": run.state,
        "progress": run.progress,
        "n_replayed": run.n_replayed,
        "cancel_requested": run.cancel_requested,
        "pause_requested": run.pause_requested,
        "error_code": run.error_code,
        "error_message": run.error_message[:1000],
        "warnings": [sentence[:300] for sentence in run.warnings[-5:]],
        "version": str(version_id) if version_id else None,
    }
