"""The parts of a large image's prediction: which are open, and how far they are."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from annotations.models import Image
from training.models import PredictionPart, RunState


def is_large(image: Image) -> bool:
    """Tell whether planes of an image are predicted in parts: of more pixels than a part has."""
    n_pixels = (image.height or 0) * (image.width or 0)
    return n_pixels > settings.CYTOLOOP_PART_PX**2


def open_parts(prediction_id: Any) -> QuerySet[PredictionPart]:
    """Return the parts that a worker may take, in their order, those often tried last."""
    free = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=timezone.now())
    return PredictionPart.objects.filter(
        free,
        prediction_id=prediction_id,
        prediction__state__in=RunState.open_states(),
        prediction__cancel_requested=False,
        attempt__lt=F("max_attempts"),
    ).order_by("attempt", "number")


def running_parts(prediction_id: Any) -> QuerySet[PredictionPart]:
    """Return the parts that workers are at."""
    return PredictionPart.objects.filter(
        prediction_id=prediction_id, state=RunState.RUNNING, lease_until__gte=timezone.now()
    )


def next_part(prediction_id: Any, *, rather: Any = None) -> uuid.UUID | None:
    """Return the id of the part to make next: the one named, when that is open still."""
    ids: list[uuid.UUID] = list(open_parts(prediction_id).values_list("pk", flat=True))
    return rather if rather in ids else next(iter(ids), None)


def count_parts(prediction_id: Any) -> tuple[int, int]:
    """Return how many parts are made, and of how many."""
    counts = PredictionPart.objects.filter(prediction_id=prediction_id).aggregate(
        made=Count("pk", filter=Q(state=RunState.FINISHED)), of=Count("pk")
    )
    return counts["made"], counts["of"]


def part_that_ended_badly(prediction_id: Any) -> PredictionPart | None:
    """Return a part for which there is no other attempt."""
    bad = {RunState.FAILED, RunState.ERRORED, RunState.LOST}
    parts = PredictionPart.objects.filter(prediction_id=prediction_id, state__in=bad)
    return parts.order_by("number").first()
