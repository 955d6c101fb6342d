"""Ask for predictions of images by a version."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.models import Image, Role
from annotations.rules import require
from project.broker import send
from project.errors import NotFound, NotReady
from training import tasks
from training.jobs.news import publish_prediction
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.predictions import images_to_predict

PRIORITY_ASKED = 5  # after what somebody looks at, before what the loop queued by itself
# A prediction that ended so may be asked for again; a finished one is there already.
REPEATABLE = {RunState.FAILED, RunState.ERRORED, RunState.CANCELLED, RunState.LOST}


class NothingToPredict(NotReady):
    """No image is ready."""

    code: ClassVar[str] = "nothing_to_predict"


@transaction.atomic
def queue_predictions(
    *, user: Any, version: ModelVersion, images: Sequence[uuid.UUID] | None = None
) -> list[PredictionRun]:
    """Queue predictions of some images, or of all ready ones, and return their rows.

    What is finished or under way already is returned as it is.
    Raises NotAllowed, NotFound, NothingToPredict.
    """
    project = version.project
    require(user, project, Role.ANNOTATOR)
    ready = chosen_images(version, images)
    PredictionRun.objects.bulk_create(
        [
            PredictionRun(version=version, image=image, priority=PRIORITY_ASKED, requested_by=user)
            for image in ready
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    rows = PredictionRun.objects.filter(version=version, image__in=ready)
    rows.filter(state__in=REPEATABLE).update(
        state=RunState.QUEUED,
        attempt=0,
        error_code="",
        error_message="",
        traceback="",
        finished_at=None,
        cancel_requested=False,
        queued_at=timezone.now(),
        requested_by=user,
        priority=PRIORITY_ASKED,
    )
    # Queued by the loop and now asked for by a person: sooner, and no longer replaceable.
    rows.filter(state=RunState.QUEUED, requested_by=None).update(
        requested_by=user, priority=PRIORITY_ASKED
    )
    audit(user=user, project=project, verb="queue_predictions", target=version, n_images=len(ready))
    queued = list(rows.select_related("version", "image", "layer").order_by("image__name"))
    if any(row.state == RunState.QUEUED for row in queued):
        send(tasks.predict, version.engine, queue=tasks.predict_queue(version.engine))
    for row in queued[:50]:  # pages show a screenful; the rest is told when it is made
        publish_prediction(row)
    return queued


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
