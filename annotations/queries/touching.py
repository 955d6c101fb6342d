"""Which ops of a log touched an instance: the table of labels that each body begins with tells.

Boxes do not: who painted an object in two places and erased one again touched it where it no
longer is. The table stands within the first hundred bytes or so of a stroke, so that two thousand
ops are looked through in some forty milliseconds; bodies are read as a whole only of what is found.
"""

from __future__ import annotations

import json
from typing import Any

from django.db.models import BinaryField, BooleanField, F, Func, QuerySet, Value
from django.db.models.expressions import Expression

from annotations.labels import op_tables
from annotations.models import LabelOp

SCANNED = 2000  # ops looked through for one answer
PREFIX_BYTES = 1024  # holds the table of a stroke
TABLE_BYTES = 512 << 10  # holds the largest table there can be
LONG_TABLES = 32  # read for one answer


class JsonPath(Func):
    """A path in the words of SQL/JSON, as a constant."""

    template = "%(expressions)s::jsonpath"

    def __init__(self, path: str) -> None:
        super().__init__(Value(path))


def touching(
    found: QuerySet[LabelOp], instance_id: int, limit: int
) -> tuple[list[int], int | None]:
    """Return the newest seqs of ops that changed an instance's pixels or said its class.

    With the seq before which there may be more; None when all were looked through.
    """
    rows = list(
        found.order_by("-seq")
        .annotate(begin=_begin(PREFIX_BYTES), says_class=_says_class(instance_id))
        .values_list("seq", "begin", "says_class")[: SCANNED + 1]
    )
    is_cut = len(rows) > SCANNED
    seqs: list[int] = []
    n_long = 0
    last = None
    for seq, begin, says_class in rows[:SCANNED]:
        if len(seqs) == limit or n_long == LONG_TABLES:
            return seqs, last
        last = seq
        table = op_tables.labels_named(bytes(begin))
        if table is None:
            n_long += 1
            table = op_tables.labels_named(_long(found, seq))
        if says_class or (table is not None and instance_id in table):
            seqs.append(seq)
    return seqs, last if is_cut else None


def _begin(size: int) -> Expression:
    return Func(F("body"), Value(1), Value(size), function="SUBSTRING", output_field=BinaryField())


def _long(found: QuerySet[LabelOp], seq: int) -> bytes:
    rows: Any = found.filter(seq=seq).annotate(begin=_begin(TABLE_BYTES))
    return bytes(rows.values_list("begin", flat=True).get())


def _says_class(instance_id: int) -> Expression:
    """Tell whether an op gives the instance a class; a meta that says nothing of classes is no."""
    return Func(
        *(F("meta"), JsonPath("$.classes.*[*] ? (@ == $id)")),
        Func(Value(json.dumps({"id": instance_id})), template="%(expressions)s::jsonb"),
        function="jsonb_path_exists",
        output_field=BooleanField(),
    )
