"""How long people worked: seconds in the editor, by person."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from annotations.models import Activity, Project


def active_seconds(
    project: Project, since: datetime | None = None, until: datetime | None = None
) -> dict[int | None, float]:
    """Return the seconds of each person's work on a project, after `since` and up to `until`.

    Work of deleted accounts stands under None.
    """
    rows = Activity.objects.filter(image__project=project)
    if since is not None:
        rows = rows.filter(ended_at__gt=since)
    if until is not None:
        rows = rows.filter(ended_at__lte=until)
    return dict(rows.order_by().values_list("user").annotate(seconds=Sum("active_s")))
