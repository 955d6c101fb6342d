"""Snapshots: a state of a layer that never changes again."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import LabelLayer, LayerSnapshot, Role
from annotations.queries.chunks import manifest_of
from annotations.queries.labels import find_layer
from project import storage


@transaction.atomic
def take_snapshot(*, user: Any, layer_id: uuid.UUID) -> LayerSnapshot:
    """Freeze the layer as it is now; the same state again returns the same snapshot."""
    layer = find_layer(user, layer_id, Role.ANNOTATOR, lock=True)
    snapshot = freeze(layer, user)
    audit(
        user=user,
        project=layer.image.project,
        verb="take_snapshot",
        target=snapshot,
        layer=str(layer.pk),
        seq=layer.seq,
    )
    return snapshot


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
