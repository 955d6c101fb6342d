"""Reading projects and images: always as a person, so that rights cannot be forgotten."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from annotations.imaging.drawing import View, added_up
from annotations.imaging.pyramid import read_view
from annotations.labels.chunks import Box
from annotations.models import (
    Image,
    ImageState,
    Instance,
    InstanceState,
    LabelLayer,
    LayerKind,
    Project,
    Region,
    RegionState,
    Role,
)
from annotations.queries.labels import find_image
from annotations.rules import require, visible_projects
from project.errors import NotFound, NotReady
from project.people import display_name_of
from project.storage import blob_path
from project.tile_index import TileFile
from project.tiles import PREFIX, make_token

__all__ = ["find_image", "find_project", "find_ready_image", "images_of_project", "tags_of_project"]

# What a grid does not show and a row of a large project should not carry.
HEAVY = ("histograms", "source")


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What a person looks for; empty means everything."""

    state: str = ""
    name: str = ""  # part of the name, any case
    tag: str = ""
    split: str = ""
    painted: str = ""  # "yes" or "no": whether a person labelled anything


def find_project(user: Any, project_id: uuid.UUID, role: Role = Role.VIEWER) -> Project:
    """Return a project that the person may use in this role.

    Raises NotFound or NotAllowed.
    """
    project = visible_projects(user).filter(pk=project_id).first()
    if project is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    if role != Role.VIEWER:
        require(user, project, role)
    return project


def images_of_project(project: Project, wanted: ImageFilter) -> QuerySet[Image]:
    """Images in the order of their names, with counts of instances and submitted regions."""
    conditions = Q(project=project)
    if wanted.state:
        conditions &= Q(state=wanted.state)
    if wanted.name:
        conditions &= Q(name__icontains=wanted.name)
    if wanted.tag:
        conditions &= Q(tags__contains=[wanted.tag])
    if wanted.split:
        conditions &= Q(split=wanted.split)
    images = Image.objects.filter(conditions)
    if wanted.painted:
        layers = LabelLayer.objects.filter(
            image=OuterRef("pk"), kind=LayerKind.ANNOTATION, seq__gt=0
        )
        images = images.filter(Exists(layers) if wanted.painted == "yes" else ~Exists(layers))
    return images.defer(*HEAVY).order_by(Lower("name"), "pk")


def with_counts(images: Iterable[Image]) -> list[Image]:
    """Give images `n_instances`, `painted_by` (names, most objects first) and `n_regions`.

    A few statements for a page; as joins of the list they would multiply each other.
    """
    page = list(images)
    ids = [image.pk for image in page]
    painted = Instance.objects.filter(
        layer__image__in=ids, layer__kind=LayerKind.ANNOTATION, area_px__gt=0
    ).exclude(state=InstanceState.REJECTED)
    submitted = Region.objects.filter(image__in=ids, state=RegionState.SUBMITTED)
    painters: dict[uuid.UUID, dict[int | None, int]] = defaultdict(dict)
    by_person = painted.values_list("layer__image", "created_by")
    for image_id, user_id, n in by_person.annotate(n=Count("pk")).order_by("-n", "created_by"):
        painters[image_id][user_id] = n
    known = {one for of_image in painters.values() for one in of_image if one is not None}
    people = get_user_model().objects.filter(pk__in=known)
    names = dict(people.values_list("pk", display_name_of()))
    n_regions = dict(submitted.values_list("image").annotate(Count("pk")))
    for image in page:
        of_image = painters.get(image.pk, {})
        image.n_instances = sum(of_image.values())  # type: ignore[attr-defined]
        image.painted_by = [names[one] for one in of_image if one in names]  # type: ignore[attr-defined]
        image.n_regions = n_regions.get(image.pk, 0)  # type: ignore[attr-defined]
    return page


def tags_of_project(project: Project) -> list[str]:
    """Every tag in use, in alphabetical order."""
    tags = Image.objects.filter(project=project).values_list("tags", flat=True).distinct()
    return sorted({tag for row in tags for tag in row})


def find_ready_image(user: Any, image_id: uuid.UUID, role: Role = Role.VIEWER) -> Image:
    """Return an image whose pixels can be looked at.

    Raises NotFound, NotAllowed, or NotReady with the reason.
    """
    image = find_image(user, image_id, role)
    if image.state == ImageState.FAILED:
        raise NotReady(f"{image.name} could not be read: {image.error_message}")
    if image.state != ImageState.READY:
        raise NotReady(f"{image.name} is still being read; try again in a moment.")
    return image


@dataclass(frozen=True, slots=True)
class TileView:
    """Where the tiles of an image are, and until when."""

    image: Image
    tiles: str
    expires_at: datetime


def tile_view(user: Any, image_id: uuid.UUID) -> TileView:
    """Return the address of an image's tiles, for a person who may look at them.

    Raises NotFound, NotAllowed, or NotReady with the reason.
    """
    image = find_ready_image(user, image_id)
    token, expires = make_token(
        image=image.pk, pyramid_digest=image.pyramid_digest, user_id=user.pk
    )
    return TileView(image, f"{PREFIX}{token}", datetime.fromtimestamp(expires, tz=UTC))


def view_of_box(image: Image, box: Box, *, t: int = 0, z: int = 0) -> View:
    """Return what people see of a box, uint8, shape (rows, columns, 3).

    Raises FileNotFoundError when the image's pyramid is not stored.
    """
    n_planes = 1 if image.is_rgb else image.n_channels or 1
    first = (t * image.n_z + z) * n_planes
    tiles = TileFile(blob_path(image.pyramid_digest))
    try:
        views = [read_view(tiles, plane, box) for plane in range(first, first + n_planes)]
    finally:
        tiles.close()
    if image.is_rgb:
        return views[0]
    return added_up(views, [channel["colour"] for channel in image.channels])
