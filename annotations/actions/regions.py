"""Actions on regions: opening one, changing its promise, submitting and reopening it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.snapshots import freeze
from annotations.labels.chunks import Box
from annotations.models import (
    Coverage,
    Image,
    Instance,
    LabelLayer,
    LayerKind,
    Purpose,
    Region,
    RegionState,
    Role,
)
from annotations.queries.chunks import layer_label_image
from annotations.queries.labels import find_image, find_layer
from annotations.queries.prompted import prompted_ids
from annotations.queries.regions import cut_boxes, find_region, touching
from project import events
from project.errors import Conflict, InvalidInput, NotReady


class RegionOutOfImage(InvalidInput):
    """The box is empty or leaves the image."""

    code: ClassVar[str] = "region_out_of_image"


class RegionsOverlap(Conflict):
    """Two promises about the same pixels."""

    code: ClassVar[str] = "regions_overlap"


class RegionNotOpen(Conflict):
    """A submitted region is frozen until it is reopened."""

    code: ClassVar[str] = "region_not_open"


class RegionNotBlind(Conflict):
    """The box holds objects that a model has drawn, so it cannot be a blind validation."""

    code: ClassVar[str] = "region_not_blind"


@transaction.atomic
def open_region(  # noqa: PLR0913 - the parts of one promise
    *,
    user: Any,
    image_id: uuid.UUID,
    box: Box,
    coverage: Coverage = Coverage.COMPLETE,
    purpose: Purpose = Purpose.TRAINING,
    layer_id: uuid.UUID | None = None,
    plane: tuple[int, int] = (0, 0),
    depth: int = 1,
) -> Region:
    """Declare what is promised about a box of an image, in `depth` planes from `plane` (t, z) on.

    Raises RegionOutOfImage, RegionsOverlap and RegionNotBlind.
    """
    image = find_image(user, image_id, Role.ANNOTATOR)
    layer = _layer_of(user, image, layer_id)
    region = Region(
        image=image,
        layer=layer,
        t=plane[0],
        z=plane[1],
        depth=depth,
        row0=box[0],
        col0=box[1],
        row1=box[2],
        col1=box[3],
        coverage=coverage,
        purpose=purpose,
        opened_by=user,
    )
    _check(region)
    region.save()
    _record(user, region, "open_region")
    return region


def _layer_of(user: Any, image: Image, layer_id: uuid.UUID | None) -> LabelLayer:
    """Return the annotation layer, locked: of two who open overlapping regions one must wait."""
    if layer_id is None:
        layer_id = ensure_annotation_layer(user=user, image=image).pk
    layer = find_layer(user, layer_id, Role.ANNOTATOR, lock=True)
    if layer.image_id != image.pk or layer.kind != LayerKind.ANNOTATION:
        raise InvalidInput("A region stands on an annotation layer of its own image.")
    return layer


@transaction.atomic
def change_region(
    *,
    user: Any,
    region_id: uuid.UUID,
    corners: Mapping[str, int] | None = None,
    coverage: Coverage | None = None,
    purpose: Purpose | None = None,
) -> Region:
    """Change corners (row0, col0, row1, col1, z, depth) or the promise of an open region.

    What is not given stays as it is, also what somebody else has just changed.

    Raises RegionNotOpen, RegionOutOfImage, RegionsOverlap and RegionNotBlind.
    """
    region = _open(user, region_id)
    for name, place in (corners or {}).items():
        setattr(region, name, place)
    region.coverage = coverage or region.coverage
    region.purpose = purpose or region.purpose
    _check(region)
    region.save()
    _record(user, region, "change_region")
    return region


def _open(user: Any, region_id: uuid.UUID) -> Region:
    """Return an open region with its layer locked, so that no overlap slips in beside it."""
    region = find_region(user, region_id, Role.ANNOTATOR)
    find_layer(user, region.layer_id, Role.ANNOTATOR, lock=True)
    region = find_region(user, region_id, Role.ANNOTATOR, lock=True)
    if region.state != RegionState.OPEN:
        raise RegionNotOpen("This region is submitted; reopen it before you change it.")
    return region


@transaction.atomic
def submit_region(*, user: Any, region_id: uuid.UUID) -> Region:
    """Close a region and freeze its layer in a snapshot, ready to teach.

    Raises RegionNotOpen, and RegionNotBlind when objects came from a draft.
    """
    region = _open(user, region_id)
    _check(region)
    # Fresh: _open locked the row, so this is the seq that the chunks belong to.
    layer = LabelLayer.objects.select_related("image").get(pk=region.layer_id)
    region.snapshot = freeze(layer, user)
    region.left_out = _left_out(region)
    region.state = RegionState.SUBMITTED
    region.submitted_by = user
    region.submitted_at = timezone.now()
    region.save()
    _record(user, region, "submit_region", seq=layer.seq, snapshot=str(region.snapshot_id))
    return region


@transaction.atomic
def reopen_region(*, user: Any, region_id: uuid.UUID) -> Region:
    """Open a submitted region again; what was learned from its snapshot stays learned.

    Raises Conflict when it is open.
    """
    region = find_region(user, region_id, Role.ANNOTATOR, lock=True)
    if region.state != RegionState.SUBMITTED:
        raise Conflict("This region is open already.")
    was = region.snapshot_id
    region.state = RegionState.OPEN
    region.snapshot = None
    region.left_out = []
    region.submitted_by = None
    region.submitted_at = None
    region.save()
    _record(user, region, "reopen_region", snapshot=str(was))
    return region


@transaction.atomic
def delete_region(*, user: Any, region_id: uuid.UUID) -> None:
    """Take a promise back; the painted labels stay, and so does what sets have of the region.

    Raises RegionNotOpen for a submitted region.
    """
    region = _open(user, region_id)
    _record(user, region, "delete_region")
    region.delete()


def _check(region: Region) -> None:
    box = _box(region)
    image = region.image
    if not image.height or not image.width:
        raise NotReady("This image is still being read; open a region when it is ready.")
    inside = 0 <= box[0] < box[2] <= image.height and 0 <= box[1] < box[3] <= image.width
    if not inside:
        raise RegionOutOfImage(
            f"The region must lie inside the image, which has {image.height} rows and "
            f"{image.width} columns.",
            height=image.height,
            width=image.width,
        )
    _check_planes(region, image)
    _check_overlap(region, box)
    is_blind = region.purpose == Purpose.BLIND_VALIDATION
    if is_blind and region.coverage != Coverage.IGNORE and _has_drafted(region, box):
        raise RegionNotBlind(
            "This region holds objects that were accepted from a draft or found by a model, so it "
            "cannot be used for blind validation. Choose training, or another place."
        )


def _check_planes(region: Region, image: Image) -> None:
    if region.t >= image.n_t:
        raise RegionOutOfImage(f"The image has {image.n_t} times; choose one of them.")
    if region.depth < 1 or region.z + region.depth > image.n_z:
        planes = "only one plane" if image.n_z == 1 else f"{image.n_z} planes"
        raise RegionOutOfImage(
            f"The region would reach from plane {region.z + 1} to {region.z + region.depth}, but "
            f"the image has {planes}; choose planes that are there.",
            n_z=image.n_z,
        )


def _check_overlap(region: Region, box: Box) -> None:
    """Refuse two promises about one pixel; only "ignore" may lie over an open region."""
    others = touching(region.image, box, t=region.t, z=region.z, depth=region.depth)
    others = others.filter(layer=region.layer)
    others = others.exclude(pk=region.pk)
    if region.coverage == Coverage.IGNORE:
        blocking = others.filter(state=RegionState.SUBMITTED).exclude(coverage=Coverage.IGNORE)
        sentence = "A submitted region lies here; reopen it before you leave out a part of it."
    else:
        blocking = others.exclude(coverage=Coverage.IGNORE)
        sentence = "Another region lies here already; regions may touch but not overlap."
    other = blocking.first()
    if other is not None:
        raise RegionsOverlap(sentence, region=str(other.pk), box=list(_box(other)))


def _has_drafted(region: Region, box: Box) -> bool:
    """Tell whether a pixel of the box belongs to an object that a model has drawn.

    It came from a draft, or from a click or box that a model was asked about.
    """
    row0, col0, row1, col1 = box
    touched = Instance.objects.filter(
        layer__image=region.image,
        layer__kind=LayerKind.ANNOTATION,
        area_px__gt=0,
        t=region.t,
        z__lt=region.z + region.depth,
        z__gt=region.z - F("depth"),
        row0__lt=row1,
        row1__gt=row0,
        col0__lt=col1,
        col1__gt=col0,
    )
    by_layer: dict[LabelLayer, list[Instance]] = defaultdict(list)
    for instance in touched.select_related("layer"):
        by_layer[instance.layer].append(instance)
    # Boxes of instances may be loose, and a thin object crosses its box's corners only.
    return any(
        bool(np.isin(layer_label_image(layer, box, t=region.t, z=z), ids).any())
        for layer, instances in by_layer.items()
        if (ids := _drawn_by_model(layer, instances))
        for z in range(region.z, region.z + region.depth)
    )


def _drawn_by_model(layer: LabelLayer, instances: list[Instance]) -> list[int]:
    """Return the ids of those instances of a layer and time that a model has drawn."""
    drafted = {one.instance_id for one in instances if one.source_instance_id is not None}
    others = {one.instance_id for one in instances} - drafted
    if not others:
        return sorted(drafted)
    around = (
        *(min(one.row0 for one in instances), min(one.col0 for one in instances)),
        *(max(one.row1 for one in instances), max(one.col1 for one in instances)),
    )
    return sorted(drafted | (others & prompted_ids(layer, around, t=instances[0].t)))


def _left_out(region: Region) -> list[list[int]]:
    """Return what "ignore" regions cut from this one, as boxes of the image."""
    ignored = touching(
        region.image, _box(region), t=region.t, z=region.z, depth=region.depth
    ).filter(layer=region.layer, coverage=Coverage.IGNORE)
    return cut_boxes(region, ignored.exclude(pk=region.pk))


def _box(region: Region) -> Box:
    return (region.row0, region.col0, region.row1, region.col1)


def _record(user: Any, region: Region, verb: str, **data: Any) -> None:
    """Write the audit entry and tell open pages."""
    audit(
        user=user,
        project=region.image.project,
        verb=verb,
        target=region,
        image=str(region.image_id),
        box=list(_box(region)),
        **({"z": region.z, "depth": region.depth} if region.image.n_z > 1 else {}),
        coverage=str(region.coverage),
        purpose=str(region.purpose),
        **data,
    )
    events.publish(
        f"project:{region.image.project_id}",
        {
            "type": "region",
            "image": str(region.image_id),
            "region": str(region.pk),
            "state": str(region.state),
        },
    )
