"""How far a project is: counts for the home page and the next step of the project page."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, Lower, RowNumber

from annotations.models import (
    Image,
    ImageState,
    LabelLayer,
    LayerKind,
    Membership,
    Project,
    Purpose,
    Region,
    RegionState,
)

N_THUMBNAILS = 4


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    """A project and how far it is."""

    project: Project
    role: str
    n_images: int
    n_ready: int
    n_failed: int
    n_annotated: int  # images with at least one label operation by a person
    n_regions: int  # submitted
    n_blind: int  # of them blind validation
    n_drafted: int  # images with a prediction
    thumbnails: tuple[uuid.UUID, ...] = ()  # of the newest ready images


def project_overviews(user: Any) -> list[ProjectOverview]:
    """Every project of the person, newest first, with thumbnails; two statements."""
    memberships = list(counted(Membership.objects.filter(user=user.pk)))
    pictures = newest_thumbnails([row.project_id for row in memberships])
    return [overview_of(row, pictures[row.project_id]) for row in memberships]


def project_overview(membership: Membership) -> ProjectOverview:
    """How far the project of a membership is; one statement."""
    return overview_of(counted(Membership.objects.filter(pk=membership.pk)).get(), ())


def counted(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Add the counts to memberships; subqueries, since joins would multiply each other."""
    images = Image.objects.filter(project=OuterRef("project"))
    layers = LabelLayer.objects.filter(image__project=OuterRef("project"))
    regions = Region.objects.filter(image__project=OuterRef("project"), state=RegionState.SUBMITTED)
    annotated = Count("image", distinct=True, filter=Q(kind=LayerKind.ANNOTATION, seq__gt=0))
    return (
        memberships.select_related("project")
        .annotate(
            n_images=single(images, "project", Count("pk")),
            n_ready=single(images, "project", Count("pk", filter=Q(state=ImageState.READY))),
            n_failed=single(images, "project", Count("pk", filter=Q(state=ImageState.FAILED))),
            n_annotated=single(layers, "image__project", annotated),
            n_drafted=single(
                layers,
                "image__project",
                Count("image", distinct=True, filter=Q(kind=LayerKind.PREDICTION)),
            ),
            n_regions=single(regions, "image__project", Count("pk")),
            n_blind=single(
                regions,
                "image__project",
                Count("pk", filter=Q(purpose=Purpose.BLIND_VALIDATION)),
            ),
        )
        .order_by("-project__created_at")
    )


def single(rows: QuerySet[Any], per: str, count: Count) -> Coalesce:
    """Return a count as a subquery, 0 where there is no row."""
    grouped = rows.order_by().values(per).annotate(n=count).values("n")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), 0)


def newest_thumbnails(project_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    """Return the newest ready images of each project, by which a person knows it again."""
    ranked = (
        Image.objects.filter(project__in=list(project_ids), state=ImageState.READY)
        .exclude(thumbnail_digest="")
        .annotate(
            place=Window(
                RowNumber(), partition_by=F("project"), order_by=[F("created_at").desc(), F("pk")]
            )
        )
        .filter(place__lte=N_THUMBNAILS)
        .order_by("project", "place")
    )
    found: dict[uuid.UUID, tuple[uuid.UUID, ...]] = defaultdict(tuple)
    for project_id, image_id in ranked.values_list("project_id", "pk"):
        found[project_id] += (image_id,)
    return found


def overview_of(row: Any, thumbnails: tuple[uuid.UUID, ...]) -> ProjectOverview:
    """Take the counts from an annotated membership."""
    return ProjectOverview(
        project=row.project,
        role=row.role,
        n_images=row.n_images,
        n_ready=row.n_ready,
        n_failed=row.n_failed,
        n_annotated=row.n_annotated,
        n_regions=row.n_regions,
        n_blind=row.n_blind,
        n_drafted=row.n_drafted,
        thumbnails=thumbnails,
    )


def next_image_to_paint(project: Project) -> uuid.UUID | None:
    """Return the first ready image that nobody has painted on, by name."""
    painted = LabelLayer.objects.filter(kind=LayerKind.ANNOTATION, seq__gt=0).values("image")
    return (
        Image.objects.filter(project=project, state=ImageState.READY)
        .exclude(pk__in=painted)
        .order_by("name", "pk")
        .values_list("pk", flat=True)
        .first()
    )


def neighbours(image: Image) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return the ready images before and after one, in the order of the grid."""
    ready = Image.objects.filter(project=image.project_id, state=ImageState.READY).annotate(
        low=Lower("name")
    )
    # Compared in the database: its order of letters is not Python's.
    low = Lower(Value(image.name))
    before = ready.filter(Q(low__lt=low) | Q(low=low, pk__lt=image.pk)).order_by("-low", "-pk")
    after = ready.filter(Q(low__gt=low) | Q(low=low, pk__gt=image.pk)).order_by("low", "pk")
    return (
        before.values_list("pk", flat=True).first(),
        after.values_list("pk", flat=True).first(),
    )
