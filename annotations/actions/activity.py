"""How long people work on images, as their editors measure it and as far as it can be true."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.actions.audit import not_audited
from annotations.models import Activity, Membership, Role
from annotations.queries.labels import find_image
from project.errors import Conflict, InvalidInput

FIRST_MOST_S = 60.0  # nothing tells when a session began, and editors report more often than this
SLACK_S = 2.0  # a message may be quicker on its way than the one before it
MAX_N = 2**31 - 1


@not_audited("the row is the record: who, on which image, when, how long")
@transaction.atomic
def record_activity(
    *, user: Any, image_id: uuid.UUID, session: uuid.UUID, n: int, active_s: float
) -> float:
    """Store how long a person worked on an image since their editor's last word; return it.

    What is stored is at most the time that passed since the session's entry before, whatever the
    editor says. The same (session, n) again stores nothing and returns what was stored.

    Raises NotFound, NotAllowed, InvalidInput, and Conflict for somebody else's session.
    """
    if not (math.isfinite(active_s) and active_s >= 0 and 0 <= n <= MAX_N):
        raise InvalidInput("The number and the seconds must be at least 0.")
    image = find_image(user, image_id, Role.ANNOTATOR)
    # One writer per person: of two messages of a session the second sees what the first got.
    Membership.objects.select_for_update(no_key=True).get(project=image.project_id, user=user.pk)
    entries = Activity.objects.filter(session=session)
    newest = entries.order_by("-ended_at", "-n").first()
    if newest is not None and newest.user_id != user.pk:
        raise Conflict("This session belongs to somebody else; load the page again.")
    known = entries.filter(n=n).first()
    if known is not None:
        return known.active_s
    now = timezone.now()
    believed = min(active_s, most_since(newest, now))
    entry = Activity.objects.create(
        image=image, user=user, session=session, n=n, active_s=believed, ended_at=now
    )
    return entry.active_s


def most_since(newest: Activity | None, now: datetime) -> float:
    """Return how many seconds of work can lie between a session's newest entry and now."""
    if newest is None:
        return FIRST_MOST_S
    return max(0.0, (now - newest.ended_at).total_seconds()) + SLACK_S
