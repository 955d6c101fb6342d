"""Bringing finished label images in: a layer, a submitted region and the image's split."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from annotations.actions.audit import audit
from annotations.actions.labels import ensure_annotation_layer, writable_layer
from annotations.actions.regions import open_region, submit_region
from annotations.actions.whole_planes import StoredPlanes, insert_labels
from annotations.labels import chunks, ops
from annotations.labels.label_image import LabelImage, relabel_dense
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
from annotations.queries.chunks import layer_label_image
from annotations.queries.regions import regions_of_image
from project import events
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
    *, user: Any, image: Image, label_image: LabelImage, split: Split, source: str
) -> Imported:
    """Write a label image as the image's annotation, complete and submitted, and set its split.

    Of a stack it has the shape (Z, H, W), and the region all planes. Ids become 1 to n in their
    order. Images for training get a training region, those for validation and test a
    blind-validation region. The same labels again change nothing.

    Raises LabelsThere when the image has other labels or regions.
    """
    dense = _dense_stack(label_image)
    n_instances = int(dense.max(initial=0))
    layer = ensure_annotation_layer(user=user, image=image)
    planes = StoredPlanes()
    if layer.seq == 0:
        # Blobs first and outside of the transaction: the longest part holds no lock.
        for z, plane in enumerate(dense):
            planes.add(plane, z)
    with transaction.atomic():
        layer = writable_layer(user, layer.pk)
        is_new = layer.seq == 0
        if is_new:
            _insert(user, layer, dense, planes, source)
        elif not _is_same(layer, dense):
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


def _dense_stack(label_image: LabelImage) -> LabelImage:
    """Return labels as a stack, shape (Z, H, W), with ids 1 to n in their order."""
    stack = label_image[None] if label_image.ndim == 2 else label_image
    dense, _ = relabel_dense(stack.reshape(-1, stack.shape[-1]))
    return dense.reshape(stack.shape)


def _insert(
    user: Any, layer: LabelLayer, dense: LabelImage, planes: StoredPlanes, source: str
) -> None:
    """Fill the untouched layer with its first ops and everything that follows from them."""
    background = chunks.empty()
    session = uuid.uuid4()
    rows: list[LabelOp] = []
    for z, plane in enumerate(dense):
        op = {place: ops.between(background, chunk) for place, chunk in chunks.split(plane)}
        for part in ops.divide(op):
            n = len(rows) + 1
            rows.append(_op_row(user, layer, part, session=session, seq=n, z=z, source=source))
    LabelOp.objects.bulk_create(rows)
    layer.seq = len(rows)
    layer.next_instance_id += int(dense.max(initial=0))
    insert_labels(layer, planes, state=InstanceState.ACCEPTED, user=user)
    layer.save(update_fields=["seq", "next_instance_id"])
    events.publish(f"layer:{layer.pk}", {"type": "ops", "layer": str(layer.pk), "seq": layer.seq})


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


def _is_same(layer: LabelLayer, dense: LabelImage) -> bool:
    """Tell whether the layer shows the same objects, whatever their ids."""
    n = Instance.objects.filter(layer=layer, area_px__gt=0).count()
    if n != int(dense.max(initial=0)):
        return False
    box = (0, 0, *dense.shape[1:])
    shown = [layer_label_image(layer, box, z=z) for z in range(len(dense))]  # type: ignore[arg-type]
    return bool(np.array_equal(_dense_stack(np.stack(shown)), dense))


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
