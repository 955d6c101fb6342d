"""Reading regions: what was promised about which part of an image."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet

from annotations.labels.chunks import Box
from annotations.models import Coverage, Image, Project, Purpose, Region, RegionState, Role
from annotations.rules import allowed_row


def find_region(
    user: Any, region_id: uuid.UUID, role: Role = Role.VIEWER, *, lock: bool = False
) -> Region:
    """Return a region that the person may use in this role; locked until the transaction ends.

    Raises NotFound or NotAllowed.
    """
    regions = Region.objects.select_related("image__project", "layer", "snapshot")
    if lock:
        # Of two who submit at once, the second finds it submitted.
        regions = regions.select_for_update(of=("self",))
    return allowed_row(
        user, regions, region_id, role, project_of=lambda region: region.image.project
    )


def regions_of_image(image: Image) -> QuerySet[Region]:
    """Return an image's regions, oldest first."""
    return Region.objects.filter(image=image).select_related("image").order_by("opened_at", "pk")


def submitted_regions(project: Project) -> QuerySet[Region]:
    """Return the project's submitted regions in a stable order, ready for a training set."""
    return (
        Region.objects.filter(image__project=project, state=RegionState.SUBMITTED)
        .select_related("image", "layer", "snapshot")
        .order_by("submitted_at", "pk")
    )


def touching(
    image: Image, box: Box, *, t: int = 0, z: int = 0, purpose: Purpose | None = None
) -> QuerySet[Region]:
    """Return the regions of a plane that share at least one pixel with a box."""
    row0, col0, row1, col1 = box
    inside = Q(row0__lt=row1, row1__gt=row0, col0__lt=col1, col1__gt=col0)
    regions = Region.objects.filter(inside, image=image, t=t, z=z).order_by("opened_at", "pk")
    return regions if purpose is None else regions.filter(purpose=purpose)


def blind_boxes(image: Image, box: Box, *, t: int = 0, z: int = 0) -> list[Box]:
    """Return the blind-validation boxes within a box: no draft may get in there."""
    regions = touching(image, box, t=t, z=z, purpose=Purpose.BLIND_VALIDATION)
    return [(r.row0, r.col0, r.row1, r.col1) for r in regions.exclude(coverage=Coverage.IGNORE)]
