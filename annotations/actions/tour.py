"""Keeping how far a person is in the tour of the editor."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotations.actions.audit import not_audited
from annotations.models import TourState, TourStatus, TourStep


@not_audited("whether one person is shown a tour: nothing that others work with changes")
@transaction.atomic
def keep_tour(*, user: Any, status: TourStatus, step: TourStep) -> None:
    """Keep what the person answered and where the tour goes on, in the place of what was kept."""
    TourState.objects.update_or_create(user_id=user.pk, defaults={"status": status, "step": step})
