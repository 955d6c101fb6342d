"""Which draft instances an op says it accepts."""

from __future__ import annotations

import uuid

from annotations.actions.layer_writer import Origin
from annotations.labels.envelope import SentOp
from annotations.labels.ops import MAX_LABEL
from annotations.models import Instance, LabelLayer, LayerKind
from project.errors import InvalidInput

MAX_ACCEPTS = 100_000  # the objects of a very large draft


def origins_of(layer: LabelLayer, sent: SentOp) -> dict[int, Origin]:
    """Return, by new id, the draft instances that the op says it accepts.

    Raises InvalidInput when the list is malformed or names what is no draft of this image.
    """
    accepts = sent.meta.get("accepts")
    if accepts is None:
        return {}
    wanted = _read_accepts(accepts)
    edited = bool(sent.meta.get("edits_draft"))
    rows = Instance.objects.filter(
        layer__image=layer.image,
        layer__kind=LayerKind.PREDICTION,
        layer__in={draft for draft, _ in wanted},
        instance_id__in={instance_id for _, instance_id in wanted},
    )
    drafts = {(row.layer_id, row.instance_id): row for row in rows}
    missing = [key for key in wanted if key not in drafts]
    if missing:
        raise InvalidInput("The operation accepts an object that is in no draft of this image.")
    return {
        new_id: Origin(
            key[0], key[1], edited, score=drafts[key].score, class_name=drafts[key].class_name
        )
        for key, new_id in wanted.items()
    }


def _read_accepts(accepts: object) -> dict[tuple[uuid.UUID, int], int]:
    sentence = "accepts must list objects with layer, instance_id and new_id."
    if not isinstance(accepts, list) or len(accepts) > MAX_ACCEPTS:
        raise InvalidInput(sentence)
    wanted: dict[tuple[uuid.UUID, int], int] = {}
    for entry in accepts:
        if not isinstance(entry, dict):
            raise InvalidInput(sentence)
        ids = (entry.get("instance_id"), entry.get("new_id"))
        if not all(type(one) is int and 0 < one <= MAX_LABEL for one in ids):
            raise InvalidInput(sentence)
        try:
            draft = uuid.UUID(str(entry.get("layer")))
        except ValueError as error:
            raise InvalidInput(sentence) from error
        wanted[draft, entry["instance_id"]] = entry["new_id"]
    return wanted
