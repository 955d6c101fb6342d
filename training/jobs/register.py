"""A finished training becomes a version, and the work that follows from it is put in rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.models import Image, Project, Region, RegionState, Split
from training.jobs import news
from training.models import (
    Evaluation,
    ModelVersion,
    PredictionRun,
    Round,
    RunState,
    TrainingRun,
)
from training.queries.numbers import lock_numbers, next_number
from training.queries.predictions import IN_VIEW, images_to_predict

# Smaller is sooner. What people look at is decided anew whenever a worker takes the next one.
PRIORITY_IN_VIEW = 0
PRIORITY_NEXT = 10  # not annotated yet: where a draft saves work
PRIORITY_REST = 20


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What follows from a new version, in rows already; tasks.py rings the bells."""

    engine: str
    n_predictions: int
    evaluation_ids: tuple[str, ...] = ()  # of this engine and of those it is compared with


def register_version(run: TrainingRun, stored: dict[str, Any]) -> FollowUp:
    """Make the version of a finished run; call it in the transaction that ends the run."""
    project = run.project
    lock_numbers(project)
    newest = ModelVersion.objects.filter(project=project, engine=run.engine)
    before = newest.order_by("-number").first()
    version = ModelVersion.objects.create(
        project=project,
        number=next_number(project, ModelVersion),
        engine=run.engine,
        run=run,
        parent=run.parent,
        origin=origin_of(run),
        channels={
            "count": len(run.channels),
            "mapping": run.channels,
            "conversion": stored["config"].get("channels", {}).get("conversion", ""),
        },
        created_by=run.created_by,
        **stored,
    )
    audit(
        user=run.created_by,
        project=project,
        verb="register_version",
        target=version,
        run=str(run.pk),
        digest=version.checkpoint_digest,
    )
    evaluations = queue_evaluations(version, run, before)
    predictions = queue_drafts(version)
    news.publish_version(version)
    return FollowUp(
        version.engine,
        len(predictions),
        tuple(str(evaluation.pk) for evaluation in evaluations),
    )


def origin_of(run: TrainingRun) -> str:
    """Say where the first weights came from."""
    if run.parent is not None:
        return f"version:{run.parent.number}"
    return f"pretrained:{run.pretrained}" if run.pretrained else "scratch"


def queue_evaluations(
    version: ModelVersion, run: TrainingRun, before: ModelVersion | None
) -> list[Evaluation]:
    """Put the measuring of a version into rows, and that of the one it is compared with.

    Before and after are only comparable on the same regions, so the parent (or else the newest
    version so far of the same engine) is measured on the new set too, and so is the version that
    people had before the round.
    """
    splits = [
        split for split in (Split.VALIDATION, Split.TEST) if run.training_set.splits.get(split)
    ]
    closed = Round.objects.filter(training_set=run.training_set).select_related("before").first()
    rivals = [run.parent or before, closed.before if closed is not None else None]
    made = []
    for measured in dict.fromkeys([version, *rivals]):
        if measured is None or measured.project_id != version.project_id:
            continue  # its evaluations belong to the people of its own project
        for split in splits:
            evaluation, is_new = Evaluation.objects.get_or_create(
                version=measured, training_set=run.training_set, split=split
            )
            if is_new:
                made.append(evaluation)
    return made


def queue_drafts(version: ModelVersion) -> list[PredictionRun]:
    """Put a prediction of every ready image into rows, and drop older ones nobody began.

    Predictions that a person asked for stay, as do all drafts that were made already.
    """
    older = PredictionRun.objects.filter(
        version__project=version.project_id,
        version__engine=version.engine,
        requested_by=None,
        state=RunState.QUEUED,
    )
    older.update(
        state=RunState.CANCELLED,
        error_code="superseded",
        error_message=f"{version} took its place before it was made.",
        finished_at=timezone.now(),
    )
    rows = [
        PredictionRun(version=version, image=image, priority=priority_of(image))
        for image in images_to_draft(version.project)
    ]
    return PredictionRun.objects.bulk_create(rows, batch_size=1000)


def images_to_draft(project: Project) -> QuerySet[Image]:
    """Return the ready images with `is_annotated`: whether a region of them was submitted."""
    submitted = Region.objects.filter(image=OuterRef("pk"), state=RegionState.SUBMITTED)
    return images_to_predict(project).annotate(is_annotated=Exists(submitted)).order_by("name")


def priority_of(image: Any) -> int:
    """Return how soon an image needs its draft."""
    if image.viewed_at is not None and timezone.now() - image.viewed_at < IN_VIEW:
        return PRIORITY_IN_VIEW
    return PRIORITY_REST if image.is_annotated else PRIORITY_NEXT
