"""What a model found by a click or a box, and somebody kept: drawn with its help, as drafts are."""

from __future__ import annotations

from django.db.models import QuerySet

from annotations.labels import ops
from annotations.labels.chunks import Box
from annotations.models import LabelLayer, LabelOp

KIND = "prompt"  # of the ops that keep what was found


def prompted_ops() -> QuerySet[LabelOp]:
    """Return the ops that kept what a model found, of all layers."""
    return LabelOp.objects.filter(kind=KIND, meta__has_key="prompt", n_pixels__gt=0)


def prompted_ids(layer: LabelLayer, box: Box, *, t: int = 0) -> set[int]:
    """Return the objects of a layer that were given pixels which a model found in or near a box.

    Finds of all planes of a time count, also those that were taken back: ask which of these
    objects have pixels.
    """
    row0, col0, row1, col1 = box
    here = prompted_ops().filter(
        layer=layer, t=t, row0__lt=row1, row1__gt=row0, col0__lt=col1, col1__gt=col0
    )
    ids: set[int] = set()
    for body in here.values_list("body", flat=True):
        _, new = ops.labels_in(ops.decode(ops.unpack(bytes(body))))
        ids.update(new.tolist())
    return ids - {0}
