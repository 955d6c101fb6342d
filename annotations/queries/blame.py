"""Who made an instance and who changed it, read from the op log."""

from __future__ import annotations

from typing import Any, TypeAlias

from annotations.labels import class_meta, ops
from annotations.models import Instance, LabelLayer, LabelOp
from annotations.queries.history import STORED_CHUNKS, STORED_RAW_BYTES
from annotations.queries.op_list import columns, told
from annotations.queries.touching import touching
from project.errors import InvalidInput, NotFound
from project.people import display_name

MOST_CHANGES = 50
READ_BYTES = 16 << 20  # of bodies, for one answer

Row: TypeAlias = dict[str, Any]

KEPT = ("seq", "person", "person_id", "at", "kind", "t", "z", "undo_of", "draft")


def instance_history(
    layer: LabelLayer, instance_id: int, *, before: int | None = None, limit: int = MOST_CHANGES
) -> Row:
    """Return who made an instance, from what, and its changes, newest first.

    Each with the pixels won and lost and the class it gave, if it gave one. `before` in the
    answer is the seq before which there may be more changes; the op that made it is known once
    there are none. Costs as `touching`, and the bodies of the changes told, 16 MB at most.

    Raises NotFound when the layer never had the instance.
    """
    rows = Instance.objects.filter(layer=layer, instance_id=instance_id)
    row = rows.select_related("created_by", "source_layer").first()
    if row is None:
        raise NotFound(f"This layer has no object {instance_id}, and never had.")
    found = LabelOp.objects.filter(layer=layer, seq__lte=row.seq)
    if before is not None:
        found = found.filter(seq__lt=before)
    seqs, following = touching(found, instance_id, max(1, min(limit, MOST_CHANGES)))
    changes, cut_at = _changes(layer, instance_id, seqs)
    following = cut_at or following
    return {
        "seq": layer.seq,
        **_facts(row),
        "created": None if following or not changes else changes[-1],
        "changes": changes,
        "before": following,
    }


def _facts(row: Instance) -> Row:
    draft = row.source_layer
    return {
        "instance_id": row.instance_id,
        "area_px": row.area_px,
        "class_name": row.class_name,
        "state": row.state,
        "created_by": row.created_by and display_name(row.created_by),
        "accepted_from": draft
        and {"layer": str(draft.pk), "name": draft.name, "instance_id": row.source_instance_id},
    }


def _changes(layer: LabelLayer, instance_id: int, seqs: list[int]) -> tuple[list[Row], int | None]:
    """Return what ops did to the instance, and the seq at which reading was cut off."""
    rows = LabelOp.objects.filter(layer=layer, seq__in=seqs)
    changes: list[Row] = []
    n_bytes = 0
    asked = told(layer, columns(rows))
    bodies = rows.order_by("-seq").values_list("body", "meta").iterator(chunk_size=4)
    for row, (body, meta) in zip(asked, bodies, strict=True):
        n_bytes += len(body)
        if changes and n_bytes > READ_BYTES:
            return changes, changes[-1]["seq"]
        gained, lost = _pixels(bytes(body), instance_id)
        changes.append(
            {
                **{name: row[name] for name in KEPT},
                "gained_px": gained,
                "lost_px": lost,
                "class_name": _class_given(meta, instance_id),
            }
        )
    return changes, None


def _pixels(body: bytes, instance_id: int) -> tuple[int, int]:
    """Return how many pixels an op gave to an instance, and how many it took."""
    op = ops.decode(
        ops.unpack(body, max_raw_bytes=STORED_RAW_BYTES), max_chunks=STORED_CHUNKS
    ).values()
    gained = sum(int(runs.length[runs.new == instance_id].sum()) for runs in op)
    lost = sum(int(runs.length[runs.old == instance_id].sum()) for runs in op)
    return gained, lost


def _class_given(meta: Row, instance_id: int) -> str | None:
    try:
        return class_meta.read(meta).get(instance_id)
    except InvalidInput:  # a rename by the platform, which is no change of an object
        return None
