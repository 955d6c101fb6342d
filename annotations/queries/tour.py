"""Reading how far a person is in the tour of the editor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotations.models import TourState, TourStatus, TourStep

LATER = timedelta(hours=12)  # "not now" holds for the working day


@dataclass(frozen=True, slots=True)
class Tour:
    """Where the tour goes on, and whether it opens by itself."""

    status: str  # a TourStatus, or "new"
    step: str
    is_due: bool


def tour_of(user: Any) -> Tour:
    """Return how far the person is; a person without a row has not begun."""
    row = TourState.objects.filter(user=user.pk).first()
    if row is None:
        return Tour("new", TourStep.LOOK, True)
    is_back = row.status == TourStatus.LATER and row.changed_at < timezone.now() - LATER
    return Tour(row.status, row.step, is_back or row.status == TourStatus.UNDER_WAY)
