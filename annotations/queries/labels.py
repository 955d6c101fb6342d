"""Reading layers, their ops and the labels that a region teaches."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from django.db.models import Count, Q
from numpy.typing import NDArray

from annotations.labels import label_image as pure
from annotations.labels.chunks import Box, LabelImage
from annotations.labels.ops import SIDE
from annotations.models import (
    Coverage,
    Image,
    Instance,
    InstanceState,
    LabelLayer,
    LabelOp,
    LayerKind,
    Region,
    Role,
)
from annotations.queries.chunks import layer_label_image, snapshot_label_image
from annotations.rules import allowed_row
from project.errors import Conflict

__all__ = [
    "find_image",
    "find_layer",
    "layer_label_image",
    "layers_of_image",
    "ops_after",
    "region_labels",
    "region_volume",
    "snapshot_label_image",
]

Annotated: TypeAlias = NDArray[np.bool_]

# What a stroke must know of its layer: of all columns of three tables, reading costs more than
# applying it.
PAINTED = (
    *("kind", "seq", "next_instance_id", "image__project__name"),
    *(f"image__{name}" for name in ("height", "width", "n_t", "n_z")),
)
# A reader asks on from the last one: so much is parsed and drawn without a stutter.
OPS_PER_ANSWER = 500
BYTES_PER_ANSWER = 4 << 20
NO_INSTANCES = {"n_instances": 0, "n_proposed": 0}


def find_image(user: Any, image_id: uuid.UUID, role: Role = Role.VIEWER) -> Image:
    """Return an image that the person may use in this role.

    Raises NotFound or NotAllowed.
    """
    images = Image.objects.select_related("project")
    return allowed_row(user, images, image_id, role, project_of=lambda image: image.project)


def find_layer(
    user: Any,
    layer_id: uuid.UUID,
    role: Role = Role.VIEWER,
    *,
    lock: bool = False,
    only: Sequence[str] = (),
) -> LabelLayer:
    """Return a layer that the person may use in this role; locked until the transaction ends.

    With `only` these columns are read, others when they are asked for. Raises NotFound or
    NotAllowed.
    """
    layers = LabelLayer.objects.select_related("image__project")
    if only:
        layers = layers.only(*only)
    if lock:
        # One writer per layer at a time: the order of this lock is the order of the ops.
        layers = layers.select_for_update(of=("self",))
    return allowed_row(user, layers, layer_id, role, project_of=lambda layer: layer.image.project)


def layer_info(layer: LabelLayer) -> dict[str, Any]:
    """Return what an editor must know to open a layer."""
    return {
        "id": str(layer.pk),
        "image": str(layer.image_id),
        "kind": layer.kind,
        "name": layer.name,
        "seq": layer.seq,
        "height": layer.image.height,
        "width": layer.image.width,
        "chunk": SIDE,
        "created_at": layer.created_at.isoformat(),
    }


def layers_of_image(image: Image) -> list[dict[str, Any]]:
    """Return an image's annotation layers by name, then its drafts, newest first."""
    layers = LabelLayer.objects.filter(image=image).select_related("image")
    counts = _counts_of_layers(image)
    annotation = sorted(
        (layer for layer in layers if layer.kind == LayerKind.ANNOTATION), key=lambda one: one.name
    )
    drafts = sorted(
        (layer for layer in layers if layer.kind == LayerKind.PREDICTION),
        key=lambda one: (one.created_at, str(one.pk)),
        reverse=True,
    )
    return [
        {**layer_info(layer), **counts.get(layer.pk, NO_INSTANCES)}
        for layer in [*annotation, *drafts]
    ]


def _counts_of_layers(image: Image) -> dict[uuid.UUID, dict[str, int]]:
    """Count instances by layer; joined to the layers, PostgreSQL would sort wide rows."""
    counts = (
        Instance.objects.filter(layer__image=image)
        .values_list("layer_id")
        .annotate(
            n_instances=Count("pk", filter=Q(area_px__gt=0)),
            n_proposed=Count("pk", filter=Q(state=InstanceState.PROPOSED)),
        )
    )
    return {
        layer_id: {"n_instances": n_instances, "n_proposed": n_proposed}
        for layer_id, n_instances, n_proposed in counts.order_by()
    }


def ops_after(layer_id: uuid.UUID, seq: int, *, limit: int = OPS_PER_ANSWER) -> list[LabelOp]:
    """Return the ops after a seq in their order, as many as fit into one answer."""
    rows = LabelOp.objects.filter(layer_id=layer_id, seq__gt=seq).order_by("seq")
    ops: list[LabelOp] = []
    size = 0
    for op in rows[: max(1, min(limit, OPS_PER_ANSWER))].iterator(chunk_size=50):
        size += len(op.body)
        if ops and size > BYTES_PER_ANSWER:
            break
        ops.append(op)
    return ops


def op_info(op: LabelOp) -> dict[str, Any]:
    """Return an op as readers get it: only what was accepted."""
    return {
        "seq": op.seq,
        "session": str(op.session),
        "n": op.n,
        "user": op.user_id,
        "kind": op.kind,
        "t": op.t,
        "z": op.z,
        "body": base64.b64encode(bytes(op.body)).decode("ascii"),
        "meta": op.meta,
        "n_pixels": op.n_pixels,
        "n_refused": op.n_refused,
        "created_at": op.created_at.isoformat(),
    }


def region_labels(region: Region, z: int | None = None) -> tuple[LabelImage, Annotated]:
    """Return a plane of a submitted region (its first one), and which pixels a person vouches for.

    Both have the shape of the region's box and come from its snapshot. Complete: all pixels;
    positives only: the labelled ones; ignore: none. Objects that the region's border or a
    left-out box cuts in this plane are not vouched for: what is seen of them is not their true
    shape.

    Raises Conflict while the region is open.
    """
    label_image, annotated, cut = _of_plane(region, region.z if z is None else z)
    return label_image, annotated & ~pure.is_one_of(label_image, cut)


def region_volume(region: Region) -> tuple[LabelImage, Annotated]:
    """Return all planes of a submitted region, and which pixels a person vouches for.

    Both have the shape (depth, h, w). Objects are volumes here: one that is cut in any plane, or
    that reaches the first or last plane where the image goes on beyond, is not vouched for at all.

    Raises Conflict while the region is open.
    """
    planes = [_of_plane(region, z) for z in range(region.z, region.z + region.depth)]
    label_image = np.stack([labels for labels, _, _ in planes])
    annotated = np.stack([vouched for _, vouched, _ in planes])
    cut = [ids for _, _, ids in planes]
    if region.z > 0:
        cut.append(np.unique(label_image[0]).astype(np.int64))
    if region.z + region.depth < region.image.n_z:
        cut.append(np.unique(label_image[-1]).astype(np.int64))
    ids = np.unique(np.concatenate(cut))
    return label_image, annotated & ~pure.is_one_of(label_image, ids[ids > 0])


def _of_plane(region: Region, z: int) -> tuple[LabelImage, Annotated, NDArray[np.int64]]:
    """Return a plane's labels, the pixels that are promised, and the ids that are cut in it."""
    if region.snapshot is None:
        raise Conflict("This region is not submitted yet, so its labels may still change.")
    box = (region.row0, region.col0, region.row1, region.col1)
    label_image = snapshot_label_image(region.snapshot, box, t=region.t, z=z)
    if region.coverage == Coverage.IGNORE:
        return label_image, np.zeros(label_image.shape, np.bool_), np.zeros(0, np.int64)
    annotated = np.ones(label_image.shape, np.bool_)
    if region.coverage == Coverage.POSITIVES_ONLY:
        annotated = label_image > 0
    hidden = _hidden(region.left_out, box, z)
    cut = np.union1d(
        pure.border_cut_ids(label_image, **_open_sides(box, region.image)),
        np.unique(label_image[hidden]).astype(np.int64),
    )
    return label_image, annotated & ~hidden, cut[cut > 0]


def _open_sides(box: Box, image: Image) -> dict[str, bool]:
    """Tell beyond which sides of the box the image goes on."""
    return {
        "top": box[0] > 0,
        "left": box[1] > 0,
        "bottom": box[2] < (image.height or 0),
        "right": box[3] < (image.width or 0),
    }


def _hidden(left_out: Iterable[Sequence[int]], box: Box, z: int) -> Annotated:
    """Return the pixels of a plane of a box that lie in one of the left-out boxes."""
    hidden = np.zeros((box[2] - box[0], box[3] - box[1]), np.bool_)
    for row0, col0, row1, col1, *planes in left_out:
        if planes and not planes[0] <= z < planes[1]:
            continue
        rows = slice(max(row0 - box[0], 0), max(row1 - box[0], 0))
        cols = slice(max(col0 - box[1], 0), max(col1 - box[1], 0))
        hidden[rows, cols] = True
    return hidden
