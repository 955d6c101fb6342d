"""Who did what in a project: objects, regions and time by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, FloatField, QuerySet, Sum, Value
from django.db.models.functions import Cast

from annotations.models import (
    Activity,
    Instance,
    InstanceState,
    LayerKind,
    Project,
    Region,
    RegionState,
)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one person did in a project."""

    n_instances: int = 0  # drawn by them or accepted from a draft, and still there
    n_regions: int = 0  # submitted by them, and not reopened since
    active_s: float = 0  # in the editor


def contributions(project: Project) -> dict[int | None, Contribution]:
    """Return what each person did, by the account's id; None stands for deleted accounts.

    One statement: the three totals have nothing in common but the person.
    """
    instances = Instance.objects.filter(
        layer__image__project=project, layer__kind=LayerKind.ANNOTATION, area_px__gt=0
    ).exclude(state=InstanceState.REJECTED)
    regions = Region.objects.filter(image__project=project, state=RegionState.SUBMITTED)
    activity = Activity.objects.filter(image__project=project)
    totals = by_person(instances, "created_by", "n_instances", Count("pk")).union(
        by_person(regions, "submitted_by", "n_regions", Count("pk")),
        by_person(activity, "user", "active_s", Sum("active_s")),
        all=True,
    )
    found: dict[int | None, Contribution] = defaultdict(Contribution)
    for user_id, what, total in totals:
        found[user_id] = replace(
            found[user_id], **{what: total if what == "active_s" else int(total)}
        )
    return dict(found)


def by_person(rows: QuerySet[Any], who: str, what: str, total: Count | Sum) -> Any:
    """Return (person, what, total) of rows; a number of its own type would not fit the others."""
    per_person = rows.order_by().values_list(who)
    return per_person.annotate(what=Value(what), total=Cast(total, FloatField()))


def people_of(contributed: Iterable[int | None], but: Iterable[int]) -> list[Any]:
    """Return accounts that contributed and are not among the given ones, by name."""
    gone = {user_id for user_id in contributed if user_id is not None} - set(but)
    return list(get_user_model().objects.filter(pk__in=gone).order_by("username"))
