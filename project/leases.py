"""Rows that a worker claims for a while: one owner at a time, taken over when the owner is gone.

The row is the truth and the queue only rings the bell: a message that comes twice, or not at
all, changes nothing but the time.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class LeasedRow(models.Model):
    """Work that is queued, then owned by the worker whose token stands in `lease`."""

    QUEUED_STATE: ClassVar[str]
    RUNNING_STATE: ClassVar[str]
    LOST_STATE: ClassVar[str]  # when every attempt was used up without an end

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)  # when the bell was rung last
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)  # one sentence for the person

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=LeasedRow)


def claim(model: type[Row], pk: Any) -> uuid.UUID | None:
    """Make the row ours, if it waits or its owner let the lease run out; return our token.

    One conditional UPDATE decides, so of many workers exactly one gets it and the others None.
    """
    token = uuid.uuid4()
    now = timezone.now()
    free = Q(state=model.QUEUED_STATE) | Q(state=model.RUNNING_STATE, lease_until__lt=now)
    updated = model._default_manager.filter(
        free, pk=pk, attempt__lt=F("max_attempts")
    ).update(
        state=model.RUNNING_STATE,
        lease=token,
        lease_until=now + timedelta(seconds=settings.CYTOLOOP_LEASE_S),
        attempt=F("attempt") + 1,
    )
    return token if updated == 1 else None


def renew(model: type[Row], pk: Any, token: uuid.UUID, **fields: Any) -> bool:
    """Prolong our lease and write fields with it; False means that someone else owns the row."""
    until = timezone.now() + timedelta(seconds=settings.CYTOLOOP_LEASE_S)
    return write(model, pk, token, lease_until=until, **fields)


def write(model: type[Row], pk: Any, token: uuid.UUID, **fields: Any) -> bool:
    """Write fields only while the lease is ours (fencing); tell whether they were written."""
    rows = model._default_manager.filter(pk=pk, lease=token, state=model.RUNNING_STATE)
    return rows.update(**fields) == 1


def finish(model: type[Row], pk: Any, token: uuid.UUID, state: str, **fields: Any) -> bool:
    """End our ownership in a final state; False means that it was no longer ours to end."""
    return write(model, pk, token, state=state, lease=None, lease_until=None, **fields)


def hand_back(model: type[Row], pk: Any, token: uuid.UUID) -> bool:
    """Put the row back into the queue without using up an attempt (a deploy, a clean stop)."""
    return write(
        model,
        pk,
        token,
        state=model.QUEUED_STATE,
        lease=None,
        lease_until=None,
        queued_at=timezone.now(),
        attempt=F("attempt") - 1,
    )
