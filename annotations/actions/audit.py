"""The record of who did what: every action writes one entry in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from annotations.models import AuditEntry, Project

P = ParamSpec("P")
R = TypeVar("R")


def audit(*, user: Any, project: Project | None, verb: str, target: Any, **data: Any) -> AuditEntry:
    """Write an audit entry; `target` is the row acted on or its id, `data` must be JSON.

    A user of None stands for the platform itself (a job).
    """
    return AuditEntry.objects.create(
        user_id=getattr(user, "pk", None),
        project=project,
        verb=verb,
        target=str(getattr(target, "pk", target)),
        data=data,
    )


def not_audited(reason: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark an action that leaves no audit entry, and say where its trace is instead."""

    def mark(action: Callable[P, R]) -> Callable[P, R]:
        action.not_audited_because = reason  # type: ignore[attr-defined]
        return action

    return mark
