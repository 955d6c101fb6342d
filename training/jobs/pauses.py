"""Pauses: a run that waits stands still, and the time it stood is not time that it trained."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from training.jobs.news import publish_run_by_id
from training.models import RunState, TrainingRun


def pause_if_asked(run_id: Any) -> bool:
    """Pause a waiting run for which a person asked that while it ran; tell whether it did so.

    A worker hands such a run back, or dies and the reaper does: either way it waits for a moment.
    One conditional UPDATE decides against a person who continues it meanwhile.
    """
    waiting = TrainingRun.objects.filter(
        pk=run_id, state=RunState.QUEUED, pause_requested=True, cancel_requested=False
    )
    run = waiting.first()
    is_paused = run is not None and waiting.update(**paused_now(run)) == 1
    if is_paused:
        publish_run_by_id(run_id)
    return is_paused


def paused_now(run: TrainingRun) -> dict[str, Any]:
    """Return the fields of a run that is paused from now on."""
    since = run.paused_at or timezone.now()  # continued and never begun: it stood on
    return {"state": RunState.PAUSED, "pause_requested": False, "paused_at": since}


def over_now(run: TrainingRun) -> dict[str, Any]:
    """Return the fields of a run that is not paused any more: the time it stood is counted.

    What it waited before it ever began is no time of the training.
    """
    stood_s = run.paused_s
    if run.paused_at is not None and run.started_at is not None:
        since = max(run.paused_at, run.started_at)
        stood_s += max(0.0, (timezone.now() - since).total_seconds())
    return {"paused_at": None, "paused_s": stood_s}
