"""Reading the instance table of a layer."""

from __future__ import annotations

from typing import Any

from annotations.models import Instance, LabelLayer

COLUMNS = (
    "instance_id",
    "area_px",
    "row0",
    "col0",
    "row1",
    "col1",
    "state",
    "score",
    "doubt",
    "class_name",
    "t",
    "z",
    "depth",
    "created_by_id",
)


def instance_columns(layer: LabelLayer) -> dict[str, Any]:
    """Return the layer's instances that have pixels, one list per column, by id.

    Columns and not rows: 50,000 instances are a tenth of the bytes and parse at once.
    """
    rows = (
        Instance.objects.filter(layer=layer, area_px__gt=0)
        .order_by("instance_id")
        .values_list(*COLUMNS)
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    named = dict(zip(COLUMNS, columns, strict=True))
    return {"seq": layer.seq, **named}
