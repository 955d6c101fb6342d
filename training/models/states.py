"""Where work stands, and the row of work that an engine's child does."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from project.leases import LeasedRow


class RunState(models.TextChoices):
    """Where a training run or a prediction stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"  # trainings only: stands still until a person continues it
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"  # an expected end, with a sentence
    ERRORED = "errored", "Error"  # a defect of ours, with a traceback
    CANCELLED = "cancelled", "Cancelled"
    LOST = "lost", "Lost"  # workers vanished until no attempt was left

    @classmethod
    def open_states(cls) -> set[str]:
        """Return the states from which something still happens by itself."""
        return {cls.QUEUED, cls.RUNNING}

    @classmethod
    def terminal_states(cls) -> set[str]:
        """Return the states that never change again."""
        return {cls.FINISHED, cls.FAILED, cls.ERRORED, cls.CANCELLED, cls.LOST}

    @classmethod
    def repeatable_states(cls) -> set[str]:
        """Return the states that ended without what was asked for."""
        return cls.terminal_states() - {cls.FINISHED}


class SupervisedRow(LeasedRow):
    """Work done by an engine in a child process, watched by a worker."""

    QUEUED_STATE: ClassVar[str] = RunState.QUEUED
    RUNNING_STATE: ClassVar[str] = RunState.RUNNING
    LOST_STATE: ClassVar[str] = RunState.LOST

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)  # {stage, epoch, of, seconds_left, …}
    traceback = models.TextField(blank=True)
    log = models.TextField(blank=True)  # stdout and stderr of the child, newest 200 kB
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=RunState.RUNNING) | Q(lease__isnull=False),
                name="running_%(class)s_has_a_lease",
            )
        ]

    @staticmethod
    def queued_anew() -> dict[str, Any]:
        """Return the fields of a row that waits as if nobody had tried it yet."""
        return {
            "state": RunState.QUEUED,
            "attempt": 0,
            "queued_at": timezone.now(),
            "error_code": "",
            "error_message": "",
            "traceback": "",
            "log": "",
            "progress": {},
            "started_at": None,
            "finished_at": None,
            "cancel_requested": False,
        }
