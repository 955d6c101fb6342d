"""Giving instances their class, outside of a stroke: for scripts, and for drafts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotations.actions.audit import audit
from annotations.actions.labels import writable_layer
from annotations.actions.layer_news import tell_instances
from annotations.actions.layer_writer import LayerWriter
from annotations.labels import class_meta
from annotations.models import Instance, LabelLayer, LayerKind, Role
from annotations.queries.classes import hold_classes, names_now
from annotations.queries.labels import find_layer

NAMED_IDS = 1000  # an audit entry lists its objects up to this many


@dataclass(frozen=True, slots=True)
class Classed:
    """How many instances have another class now, and the newest seq of the layer."""

    n_changed: int
    seq: int


@transaction.atomic
def set_class(
    *,
    user: Any,
    layer_id: uuid.UUID,
    instance_ids: Sequence[int],
    class_name: str,
    restores: bool = False,
) -> Classed:
    """Give instances of an annotation layer or a draft a class; the empty name is unknown.

    In an annotation layer that is an op of kind class, which the log keeps and open editors get;
    a draft has no log. Ids that the layer does not have are passed over. An undo `restores`: the
    class may be one that only the draft knows.

    Raises NotFound, NotAllowed, NotReady and NoSuchClass.
    """
    hold_classes()
    layer = find_layer(user, layer_id, Role.ANNOTATOR)
    name = names_now(layer.image.project, [class_name], restores=restores)[class_name]
    if layer.kind == LayerKind.ANNOTATION:
        layer = writable_layer(user, layer_id)
        changed = _others(layer, instance_ids, name)
        _write(user, layer, changed, name)
    else:
        changed = _others(layer, instance_ids, name)
        Instance.objects.filter(layer=layer, instance_id__in=changed).update(class_name=name)
        if changed:
            _tell(layer)
    audit(
        user=user,
        project=layer.image.project,
        verb="set_class",
        target=layer,
        class_name=name,
        instance_ids=changed[:NAMED_IDS],
        n_changed=len(changed),
    )
    return Classed(len(changed), layer.seq)


def _tell(draft: LabelLayer) -> None:
    """Tell who watches the draft, and editors of its image, which watch their own layer."""
    layers = LabelLayer.objects.filter(image=draft.image_id, kind=LayerKind.ANNOTATION)
    for layer_id in (draft.pk, *layers.values_list("pk", flat=True)):
        tell_instances(draft.pk, watchers_of=layer_id)


def _others(layer: LabelLayer, instance_ids: Sequence[int], name: str) -> list[int]:
    """Return those of the ids that the layer has, with another class."""
    rows = Instance.objects.filter(layer=layer, area_px__gt=0, instance_id__in=list(instance_ids))
    return sorted(rows.exclude(class_name=name).values_list("instance_id", flat=True))


def _write(user: Any, layer: LabelLayer, instance_ids: list[int], name: str) -> None:
    """Append ops without pixels that give the instances their class."""
    writer = LayerWriter(layer, user)
    session = uuid.uuid4()
    for first in range(0, len(instance_ids), class_meta.MAX_IDS):
        classes = dict.fromkeys(instance_ids[first : first + class_meta.MAX_IDS], name)
        writer.write({}, session=session, n=first + 1, kind="class", classes=classes)
    writer.save()
