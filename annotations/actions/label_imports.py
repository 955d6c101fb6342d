"""Bringing finished label images in: a layer, a submitted region and the image's split."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotations.actions.audit import audit
from annotations.actions.labels import ensure_annotation_layer, writable_layer
from annotations.actions.layer_news import tell_ops
from annotations.actions.regions import open_region, submit_region
from annotations.actions.whole_planes import StoredPlanes, insert_labels
from annotations.labels import label_runs, ops
from annotations.labels.label_runs import Band
from annotations.labels.ops import Op, Place, Runs
from annotations.models import (
    Image,
    Instance,
    InstanceState,
    LabelLayer,
    LabelOp,
    Purpose,
    Region,
    Split,
)
from annotations.queries.chunks import digests_by_plane, pixels_of
from annotations.queries.regions import regions_of_image
from project import storage
from project.errors import Conflict


class LabelsThere(Conflict):
    """The image has other labels already."""

    code = "labels_there"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `is_new` is False when the same labels were there."""

    layer: LabelLayer
    region: Region
    n_instances: int
    is_new: bool


def import_label_image(
    *, user: Any, image: Image, bands: Iterable[Band], split: Split, source: str
) -> Imported:
    """Write a label image as the image's annotation, complete and submitted, and set its split.

    It comes in bands of rows, of all planes of a stack, and the region has all planes. Ids become
    1 to n in their order. Images for training get a training region, those for validation and
    test a blind-validation region. The same labels again change nothing.

    Raises LabelsThere when the image has other labels or regions.
    """
    planes, n_instances = label_runs.with_dense_ids(_read(bands))
    layer = ensure_annotation_layer(user=user, image=image)
    stored, rows = StoredPlanes(), []
    if layer.seq == 0:
        # Before the transaction: the longest part holds no lock.
        for z, op in planes.items():
            stored.add_op(op, z)
        rows = _op_rows(user, layer, planes, source)
    with transaction.atomic():
        layer = writable_layer(user, layer.pk)
        is_new = layer.seq == 0
        if is_new:
            _insert(user, layer, rows, stored, n_instances)
        elif not _is_same(layer, planes, n_instances):
            raise LabelsThere(
                f"{image.name} has other labels already; import into a new project, or delete "
                "the image and add it again."
            )
        region = _submitted_region(user, image, layer, split)
        Image.objects.filter(pk=image.pk).update(split=split)
        audit(
            user=user,
            project=image.project,
            verb="import_label_image",
            target=layer,
            image=str(image.pk),
            source=source,
            split=str(split),
            n_instances=n_instances,
        )
    return Imported(layer, region, n_instances, is_new)


def _read(bands: Iterable[Band]) -> dict[int, dict[Place, Runs]]:
    """Return, by z, the op that paints the plane on background."""

    def read(band: Band) -> tuple[int, dict[Place, Runs]]:
        return band[0], label_runs.band_op(band)

    planes: dict[int, dict[Place, Runs]] = defaultdict(dict)
    for z, op in storage.several_at_once(read, bands):
        planes[z].update(op)
    return planes


def _op_rows(user: Any, layer: LabelLayer, planes: Mapping[int, Op], source: str) -> list[LabelOp]:
    """Return the layer's first ops, unsaved."""
    session = uuid.uuid4()
    rows: list[LabelOp] = []
    for z, op in planes.items():
        for part in ops.divide(op):
            n = len(rows) + 1
            rows.append(_op_row(user, layer, part, session=session, seq=n, z=z, source=source))
    return rows


def _insert(
    user: Any, layer: LabelLayer, rows: list[LabelOp], stored: StoredPlanes, n_instances: int
) -> None:
    """Fill the untouched layer with its first ops and everything that follows from them."""
    LabelOp.objects.bulk_create(rows)
    layer.seq = len(rows)
    layer.next_instance_id += n_instances
    insert_labels(layer, stored, state=InstanceState.ACCEPTED, user=user)
    layer.save(update_fields=["seq", "next_instance_id"])
    tell_ops(layer.pk, layer.seq)


def _op_row(  # noqa: PLR0913 - the columns of an op
    user: Any, layer: LabelLayer, op: ops.Op, *, session: uuid.UUID, seq: int, z: int, source: str
) -> LabelOp:
    row0, col0, row1, col1 = ops.box_of(op)
    return LabelOp(
        layer=layer,
        seq=seq,
        session=session,
        n=seq,
        user_id=getattr(user, "pk", None),
        kind="import",
        z=z,
        row0=row0,
        col0=col0,
        row1=row1,
        col1=col1,
        body=ops.pack(ops.encode(op)),
        meta={"source": source},
        n_pixels=sum(runs.n_pixels for runs in op.values()),
    )


def _is_same(layer: LabelLayer, planes: Mapping[int, Op], n_instances: int) -> bool:
    """Tell whether the layer shows the same objects, whatever their ids."""
    if Instance.objects.filter(layer=layer, area_px__gt=0).count() != n_instances:
        return False
    digests = digests_by_plane(layer, (0, len(planes)))
    held = {
        z: label_runs.painting((at, pixels_of(digest)) for at, digest in digests.get(z, {}).items())
        for z in planes
    }
    shown, _ = label_runs.with_dense_ids(held)
    return all(label_runs.paint_the_same(shown[z], op) for z, op in planes.items())


def _submitted_region(user: Any, image: Image, layer: LabelLayer, split: Split) -> Region:
    purpose = Purpose.TRAINING if split == Split.TRAIN else Purpose.BLIND_VALIDATION
    whole = (0, 0, image.height or 0, image.width or 0)
    region = regions_of_image(image).filter(layer=layer).first()
    if region is None:
        region = open_region(
            user=user,
            image_id=image.pk,
            box=whole,
            purpose=purpose,
            layer_id=layer.pk,
            depth=image.n_z,
        )
        return submit_region(user=user, region_id=region.pk)
    box = (region.row0, region.col0, region.row1, region.col1)
    is_whole = box == whole and region.depth == image.n_z
    if not is_whole or region.purpose != purpose or region.snapshot_id is None:
        raise LabelsThere(
            f"{image.name} has regions of its own already; reopen and delete them first."
        )
    return region
