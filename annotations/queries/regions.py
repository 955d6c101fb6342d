"""Reading regions: what was promised about which part of an image."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet

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
    image: Image,
    box: Box,
    *,
    t: int = 0,
    z: int = 0,
    depth: int = 1,
    purpose: Purpose | None = None,
) -> QuerySet[Region]:
    """Return the regions that share at least one pixel with a box of the planes from z on."""
    row0, col0, row1, col1 = box
    inside = Q(row0__lt=row1, row1__gt=row0, col0__lt=col1, col1__gt=col0)
    regions = Region.objects.filter(inside, image=image, t=t, z__lt=z + depth, z__gt=z - F("depth"))
    regions = regions.order_by("opened_at", "pk")
    return regions if purpose is None else regions.filter(purpose=purpose)


def blind_regions(
    image: Image, box: Box, *, t: int = 0, z: int = 0, depth: int = 1
) -> QuerySet[Region]:
    """Return the blind-validation regions within a box: no draft may get in there."""
    regions = touching(image, box, t=t, z=z, depth=depth, purpose=Purpose.BLIND_VALIDATION)
    return regions.exclude(coverage=Coverage.IGNORE)


def blind_boxes(image: Image, box: Box, *, t: int = 0, z: int = 0) -> list[Box]:
    """Return the boxes of a plane that are blind validations within a box."""
    return [(r.row0, r.col0, r.row1, r.col1) for r in blind_regions(image, box, t=t, z=z)]


def cut_boxes(region: Region, ignored: Iterable[Region]) -> list[list[int]]:
    """Return what some regions cut from another, as boxes of the image: what it leaves out.

    A box is (row0, col0, row1, col1) where it cuts all planes of the region, else it also has
    the planes (z0, z1), half-open.
    """
    planes = (region.z, region.z + region.depth)
    boxes = []
    for one in ignored:
        box = (
            max(one.row0, region.row0),
            max(one.col0, region.col0),
            min(one.row1, region.row1),
            min(one.col1, region.col1),
        )
        cut = max(one.z, planes[0]), min(one.z + one.depth, planes[1])
        if one.t == region.t and box[0] < box[2] and box[1] < box[3] and cut[0] < cut[1]:
            boxes.append([*box] if cut == planes else [*box, *cut])
    return boxes
