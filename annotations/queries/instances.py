"""Reading the instance table of a layer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Func, JSONField, TextField
from django.db.models.functions import Cast

from annotations.models import Instance, LabelLayer
from project.people import display_name_of

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


def instances_json(layer: LabelLayer) -> str:
    """Return the layer's instances that have pixels as JSON, one list per column, by id.

    Columns and not rows: 50,000 instances are a tenth of the bytes and parse at once. The
    database writes them, which takes a third of the time of making Python's numbers of all first.
    """
    rows = Instance.objects.filter(layer=layer, area_px__gt=0)
    # Named apart: an aggregate that is called like a column hides it from the others.
    texts = {f"{name}_json": _as_json(name) for name in COLUMNS}
    found = rows.aggregate(**texts, people=ArrayAgg("created_by_id", distinct=True))
    columns = [f'"{name}":{found[f"{name}_json"] or "[]"}' for name in COLUMNS]
    authors = json.dumps(_people(found["people"] or []))
    return f'{{"seq":{layer.seq},{",".join(columns)},"authors":{authors}}}'


def _as_json(name: str) -> Cast:
    """All values of a column, by id, as the text of a JSON list; NULL where there is none."""
    values = ArrayAgg(name, order_by="instance_id")
    return Cast(Func(values, function="to_json", output_field=JSONField()), TextField())


def _people(ids: Iterable[int | None]) -> list[dict[str, Any]]:
    """Return the accounts among some ids by name; those that were deleted are not there."""
    known = {one for one in ids if one is not None}
    if not known:
        return []  # of a draft, as a rule
    named = get_user_model().objects.filter(pk__in=known).annotate(name=display_name_of())
    return [{"id": one.pk, "name": one.name} for one in named.order_by("name", "pk")]
