"""Snapshots: a state of a layer that never changes again."""

from __future__ import annotations

from typing import Any

from annotations.models import LabelLayer, LayerSnapshot
from annotations.queries.chunks import manifest_of
from project import storage


def freeze(layer: LabelLayer, user: Any) -> LayerSnapshot:
    """Return the snapshot of a locked layer at its seq, making it when there is none."""
    known = LayerSnapshot.objects.filter(layer=layer, seq=layer.seq).first()
    if known is not None:
        return known
    return LayerSnapshot.objects.create(
        layer=layer,
        seq=layer.seq,
        manifest_digest=storage.put_bytes(manifest_of(layer)),
        created_by_id=getattr(user, "pk", None),
    )
