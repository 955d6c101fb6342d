"""Ask for predictions of images by a version, and ask them to stop."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.models import Image, Project, Role
from annotations.rules import require
from project.broker import send
from project.errors import Conflict, InvalidInput, NotFound, NotReady
from training import tasks
from training.datasets.large import LARGE_PX
from training.engines import registry
from training.jobs.news import publish_prediction
from training.jobs.parts import stop_parts
from training.jobs.stacks import way_of
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.predictions import images_to_predict
from training.supervision.interpreters import require_installed

PRIORITY_ASKED = 5  # after what somebody looks at, before what the loop queued by itself
NAMED = 3  # images in a sentence
TOLD_AT_ONCE = 50  # pages show a screenful; the rest is told when it is made


class PredictionEnded(Conflict):
    """The prediction has ended and nothing about it can change."""

    code: ClassVar[str] = "prediction_ended"


class MapsNotKept(InvalidInput):
    """The engine has no maps, or the images are too large for them."""

    code: ClassVar[str] = "maps_not_kept"


class NothingToPredict(NotReady):
    """No image is ready."""

    code: ClassVar[str] = "nothing_to_predict"


@transaction.atomic
def queue_predictions(
    *,
    user: Any,
    version: ModelVersion,
    images: Sequence[uuid.UUID] | None = None,
    keep_maps: bool = False,
) -> list[PredictionRun]:
    """Queue predictions of some images, or of all ready ones, and return their rows.

    What is finished or under way already is returned as it is, but for fast drafts where the
    project wants none (any more): those are predicted again, exactly; and for drafts of several
    planes that were made another way than the project wants now (`stack_drafts`). With `keep_maps`
    the engine's maps are stored, too, and what is finished without them is predicted again; images
    that are too large for that are refused when they were named, and else predicted without.
    Raises NotAllowed, NotFound, EngineNotInstalled, NothingToPredict, MapsNotKept.
    """
    project = version.project
    require(user, project, Role.ANNOTATOR)
    require_installed(version.engine)
    ready = chosen_images(version, images)
    mapped = images_for_maps(version, ready, named=images is not None) if keep_maps else []
    PredictionRun.objects.bulk_create(
        [
            PredictionRun(version=version, image=image, priority=PRIORITY_ASKED, requested_by=user)
            for image in ready
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    rows = PredictionRun.objects.filter(version=version, image__in=ready)
    asked = {"requested_by": user, "priority": PRIORITY_ASKED}
    rows.filter(state__in=RunState.repeatable_states()).update(
        **PredictionRun.queued_anew(), **asked, keep_maps=False
    )
    # Queued by the loop and now asked for by a person: sooner, and no longer replaceable.
    rows.filter(state=RunState.QUEUED, requested_by=None).update(**asked)
    if not project.fast_drafts:
        rows.filter(state=RunState.FINISHED, fast=True).update(
            **PredictionRun.queued_anew(), **asked
        )
    several_planes = Q(image__n_z__gt=1) | Q(image__n_t__gt=1)
    rows.filter(several_planes, state=RunState.FINISHED).exclude(
        stack_drafts=way_of(version)
    ).update(**PredictionRun.queued_anew(), **asked)
    queue_maps(rows.filter(image__in=mapped), asked)
    audit(user=user, project=project, verb="queue_predictions", target=version, n_images=len(ready))
    queued = list(rows.select_related("version", "image", "layer").order_by("image__name"))
    if any(row.state == RunState.QUEUED for row in queued):
        send(tasks.predict, version.engine, queue=tasks.predict_queue(version.engine))
    for row in queued[:TOLD_AT_ONCE]:
        publish_prediction(row)
    return queued


def images_for_maps(version: ModelVersion, images: Sequence[Image], *, named: bool) -> list[Image]:
    """Return the images of one plane that are small enough for maps; raises MapsNotKept."""
    if not registry.spec(version.engine).produces:
        raise MapsNotKept(f"{registry.spec(version.engine).title} makes no maps that can be kept.")
    stacks = [one for one in images if one.n_planes > 1]
    if stacks and (named or len(stacks) == len(images)):
        names = ", ".join(one.name for one in stacks[:NAMED])
        raise MapsNotKept(
            f"Maps are kept of images of one plane only; stacks: {names}. Predict these without "
            "maps.",
            images=[str(one.pk) for one in stacks],
        )
    images = [one for one in images if one.n_planes == 1]
    large = [one for one in images if (one.height or 0) * (one.width or 0) > LARGE_PX]
    if large and (named or len(large) == len(images)):
        names = ", ".join(one.name for one in large[:NAMED])
        more = f" and {len(large) - NAMED} more" if len(large) > NAMED else ""
        raise MapsNotKept(
            f"Maps are kept of images up to {LARGE_PX / 1e6:.1f} megapixels only, since they take "
            f"many times the memory of the image; larger: {names}{more}. Predict these without "
            "maps.",
            images=[str(one.pk) for one in large],
        )
    apart = set(large)
    return [one for one in images if one not in apart]


def queue_maps(rows: QuerySet[PredictionRun], asked: dict[str, Any]) -> None:
    """Have maps kept of predictions that wait, and make those again that ended without them."""
    without = rows.filter(keep_maps=False)
    without.filter(state=RunState.FINISHED).update(
        **PredictionRun.queued_anew(), **asked, keep_maps=True
    )
    without.filter(state=RunState.QUEUED).update(keep_maps=True)


@transaction.atomic
def cancel_prediction(*, user: Any, prediction: PredictionRun) -> PredictionRun:
    """Stop a prediction: at once when it waits, else as soon as its worker sees the wish.

    Raises NotAllowed, NotFound, PredictionEnded.
    """
    project = prediction.version.project
    require(user, project, Role.REVIEWER)
    # The row lock decides against a worker that claims or finishes it at this moment.
    rows = PredictionRun.objects.select_for_update(of=("self",)).select_related("version", "image")
    prediction = rows.get(pk=prediction.pk)
    if prediction.state in RunState.terminal_states():
        raise PredictionEnded(
            f"This prediction has already ended: {prediction.get_state_display().lower()}."
        )
    PredictionRun.objects.filter(pk=prediction.pk).update(cancel_requested=True)
    stop_parts([prediction.pk])
    if prediction.state == RunState.QUEUED:
        end_waiting(PredictionRun.objects.filter(pk=prediction.pk))
    prediction.refresh_from_db()
    audit(
        user=user,
        project=project,
        verb="cancel_prediction",
        target=prediction,
        image=str(prediction.image_id),
        version=str(prediction.version_id),
    )
    publish_prediction(prediction)
    return prediction


@transaction.atomic
def cancel_waiting_predictions(
    *, user: Any, project: Project, version: ModelVersion | None = None
) -> int:
    """Stop every prediction of a project, or of one version, that nobody has begun; count them.

    Raises NotAllowed, NotFound.
    """
    require(user, project, Role.REVIEWER)
    rows = PredictionRun.objects.filter(version__project=project, state=RunState.QUEUED)
    if version is not None:
        rows = rows.filter(version=version)
    # Locked first: whoever claims one now waits, and then finds it ended.
    waiting = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    n_cancelled = end_waiting(PredictionRun.objects.filter(pk__in=waiting))
    stop_parts(waiting)
    audit(
        user=user,
        project=project,
        verb="cancel_waiting_predictions",
        target=version or project,
        n_cancelled=n_cancelled,
    )
    told = PredictionRun.objects.filter(pk__in=waiting[:TOLD_AT_ONCE])
    for row in told.select_related("version", "image"):
        publish_prediction(row)
    return n_cancelled


def end_waiting(rows: QuerySet[PredictionRun]) -> int:
    """End predictions that wait, and count them."""
    return rows.filter(state=RunState.QUEUED).update(
        state=RunState.CANCELLED,
        cancel_requested=True,
        error_code="cancelled",
        error_message="Cancelled before it began.",
        finished_at=timezone.now(),
    )


def chosen_images(version: ModelVersion, wanted: Sequence[uuid.UUID] | None) -> list[Image]:
    """Return the images to predict; raises NotFound when one is not of the project."""
    ready = images_to_predict(version.project)
    if wanted is None:
        found = list(ready.order_by("name"))
    else:
        found = list(ready.filter(pk__in=wanted).order_by("name"))
        if len(found) != len(set(wanted)):
            raise NotFound(
                "Some of the images are not in this project, or are not read yet.",
                images=[str(pk) for pk in set(wanted) - {image.pk for image in found}],
            )
    if not found:
        raise NothingToPredict("There is no image that is ready to be predicted.")
    return found
