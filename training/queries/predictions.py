"""Predictions: those of an image, and which one a worker should make next."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from annotations.models import Image, ImageState, Project
from annotations.rules import visible_projects
from project.errors import NotFound
from training.models import PredictionRun, RunState

IN_VIEW = timedelta(minutes=15)  # an image opened longer ago counts as closed


def visible_predictions(user: Any) -> QuerySet[PredictionRun]:
    """Return predictions of the person's projects, newest first, without their logs."""
    return (
        PredictionRun.objects.filter(version__project__in=visible_projects(user))
        .select_related("version", "image", "layer")
        .defer("log", "traceback")
        .order_by("-created_at", "-version__number")
    )


def one_prediction(user: Any, prediction_id: uuid.UUID) -> PredictionRun:
    """Return a prediction of one of the person's projects; raises NotFound."""
    found = visible_predictions(user).filter(pk=prediction_id).first()
    if found is None:
        raise NotFound("There is no such prediction, or you are not a member of its project.")
    return found


def predictions_of_image(user: Any, image: Image) -> QuerySet[PredictionRun]:
    """Return predictions of one image, newest first."""
    return visible_predictions(user).filter(image=image)


def images_to_predict(project: Project) -> QuerySet[Image]:
    """Return the ready images of a project."""
    return Image.objects.filter(project=project, state=ImageState.READY)


def waiting_predictions(engine: str) -> QuerySet[PredictionRun]:
    """Return the predictions an engine still has to make, most urgent first.

    Images looked at lately come first, the last opened before all others: someone is waiting
    there. The order is decided when a worker asks, not when the row was made, so opening an
    image moves it to the front.
    """
    now = timezone.now()
    takeable = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=now)
    in_view = Case(
        When(image__viewed_at__gte=now - IN_VIEW, then=F("image__viewed_at")), default=Value(None)
    )
    return PredictionRun.objects.filter(
        takeable, version__engine=engine, attempt__lt=F("max_attempts")
    ).order_by(
        in_view.desc(nulls_last=True), "attempt", "priority", "created_at", "image__name", "pk"
    )


def next_prediction(engine: str, *, in_view: bool = False) -> uuid.UUID | None:
    """Return the id of the prediction that a worker of the engine should make now."""
    waiting = waiting_predictions(engine)
    if in_view:
        waiting = waiting.filter(image__viewed_at__gte=timezone.now() - IN_VIEW)
    pk: uuid.UUID | None = waiting.values_list("pk", flat=True).first()
    return pk


def n_waiting(engine: str) -> int:
    """Count the predictions an engine still has to make."""
    return waiting_predictions(engine).count()
