"""Numbers within a project: sets, runs, versions and rounds count from 1 without a gap."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from annotations.models import Project


def lock_numbers(project: Project) -> None:
    """Hold the project row to the end of the transaction, so that numbers have no gap or twin."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def next_number(project: Project, model: Any) -> int:
    """Return the project's next number of a model; hold the lock first."""
    rows = model.objects.filter(project=project)
    return int(rows.aggregate(newest=Max("number"))["newest"] or 0) + 1
