"""The op log as people read it: newest first, who, when, with what, where; without the pixels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import F, Func, JSONField, QuerySet

from annotations.labels.chunks import Box
from annotations.labels.envelope import MAX_COUNT
from annotations.models import LabelLayer, LabelOp
from annotations.queries.touching import JsonPath, touching
from project.people import display_name_of

MOST_ROWS = 100
DEEPEST_UNDO = 4  # an undo of a redo of an undo …: what was done at first is looked for so far
REVERSALS = {"undo", "redo"}

Name: TypeAlias = tuple[uuid.UUID, int]  # an op by its session and count
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which ops of a layer are asked for; None does not ask."""

    before: int | None = None  # a seq
    limit: int = 50
    person: int | None = None
    plane: tuple[int, int] | None = None  # (t, z)
    box: Box | None = None
    instance_id: int | None = None


def list_ops(layer: LabelLayer, wanted: Wanted) -> Row:
    """Return ops newest first, and the seq before which there may be more; None: no more.

    Reads no body, except to look for an instance: then up to 2000 ops are looked through, and the
    answer may have few rows, or none, and yet be followed by others.
    """
    limit = max(1, min(wanted.limit, MOST_ROWS))
    found = _asked(layer, wanted)
    if wanted.instance_id is None:
        rows = list(columns(found)[: limit + 1])
        before = rows[limit - 1]["seq"] if len(rows) > limit else None
        rows = rows[:limit]
    else:
        seqs, before = touching(found, wanted.instance_id, limit)
        rows = list(columns(LabelOp.objects.filter(layer=layer, seq__in=seqs)))
    return {"seq": layer.seq, "ops": told(layer, rows), "before": before}


def _asked(layer: LabelLayer, wanted: Wanted) -> QuerySet[LabelOp]:
    found = LabelOp.objects.filter(layer=layer)
    if wanted.before is not None:
        found = found.filter(seq__lt=wanted.before)
    if wanted.person is not None:
        found = found.filter(user=wanted.person)
    if wanted.plane is not None:
        found = found.filter(t=wanted.plane[0], z=wanted.plane[1])
    if wanted.box is not None:
        row0, col0, row1, col1 = wanted.box
        found = found.filter(row0__lt=row1, row1__gt=row0, col0__lt=col1, col1__gt=col0)
    return found


def columns(found: QuerySet[LabelOp]) -> QuerySet[LabelOp, Any]:
    """Return what is told of ops, newest first; of their meta, which may be large, a few parts."""
    n_accepts = Func(
        *(F("meta"), JsonPath("$.accepts.size()")),
        function="jsonb_path_query_first",
        output_field=JSONField(),
    )
    rows: QuerySet[LabelOp, Any] = (
        found.order_by("-seq")
        .annotate(
            **{name: F(f"meta__{name}") for name in ("group", "undo_of", "redo_of", "draft")},
            count=F("meta__count"),
            accepted_from=F("meta__accepts__0__layer"),
            n_accepts=n_accepts,
            person=display_name_of("user"),
        )
        .values(
            *("seq", "session", "n", "kind", "t", "z", "row0", "col0", "row1", "col1"),
            *("n_pixels", "n_refused", "created_at", "user_id", "person"),
            *("group", "undo_of", "redo_of", "draft", "count", "accepted_from", "n_accepts"),
        )
    )
    return rows


def told(layer: LabelLayer, rows: Iterable[Row]) -> list[Row]:
    """Return rows of `columns` as they are told: with names of drafts, and what was undone."""
    rows = list(rows)
    undone = _undone(layer, rows)
    drafts = _draft_names(layer, rows)
    return [
        {
            "seq": row["seq"],
            "person": row["person"],
            "person_id": row["user_id"],
            "at": row["created_at"].isoformat(),
            "kind": row["kind"],
            **{name: row[name] for name in ("t", "z", "row0", "col0", "row1", "col1")},
            "n_pixels": row["n_pixels"],
            "n_refused": row["n_refused"],
            "group": row["group"] if isinstance(row["group"], str) else None,
            "undo_of": undone.get(row["seq"]),
            "n_objects": _count(row),
            "draft": drafts.get(_draft_of(row)),
        }
        for row in rows
    ]


def _count(row: Row) -> int | None:
    """Return how many objects an accept made."""
    n = row["n_accepts"] if row["n_accepts"] is not None else row["count"]
    return n if isinstance(n, int) and row["kind"] == "accept" else None


def _draft_of(row: Row) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(row["draft"] or row["accepted_from"]))
    except ValueError:
        return None


def _draft_names(layer: LabelLayer, rows: Iterable[Row]) -> dict[uuid.UUID | None, str]:
    wanted = {draft for row in rows if (draft := _draft_of(row)) is not None}
    if not wanted:
        return {}
    layers = LabelLayer.objects.filter(image=layer.image_id, pk__in=wanted)
    return dict(layers.values_list("pk", "name"))


# --- what an undo took back -----------------------------------------------------------------------


def _undone(layer: LabelLayer, rows: Iterable[Row]) -> dict[int, Row]:
    """Return, by the seq of an undo or redo, the op it takes back and what was done at first.

    A few statements, however many rows there are.
    """
    first = {row["seq"]: name for row in rows if (name := _reversed_by(row)) is not None}
    found = _named(layer, first.values())
    waiting = dict(first)
    kinds: dict[int, str] = {}
    for _ in range(DEEPEST_UNDO):
        for seq, name in list(waiting.items()):
            target = found.get(name)
            if target is None or target["kind"] not in REVERSALS:
                del waiting[seq]
                if target is not None:
                    kinds[seq] = target["kind"]
            elif (deeper := _reversed_by(target)) is None:
                del waiting[seq]
            else:
                waiting[seq] = deeper
        if missing := set(waiting.values()) - found.keys():
            found |= _named(layer, missing)
    return {
        seq: {"seq": found[name]["seq"], "kind": kinds.get(seq, found[name]["kind"])}
        for seq, name in first.items()
        if name in found
    }


def _reversed_by(row: Mapping[str, Any]) -> Name | None:
    """Return the name of the op that an undo or redo says it takes back."""
    of = row["undo_of"] or row["redo_of"]
    if row["kind"] not in REVERSALS or not isinstance(of, dict):
        return None
    n = of.get("n")
    if type(n) is not int or not 0 <= n <= MAX_COUNT:
        return None
    try:
        return uuid.UUID(str(of.get("session"))), n
    except ValueError:
        return None


def _named(layer: LabelLayer, names: Iterable[Name]) -> dict[Name, Row]:
    wanted = set(names)
    if not wanted:
        return {}
    rows = LabelOp.objects.filter(
        layer=layer,
        session__in={session for session, _ in wanted},
        n__in={n for _, n in wanted},
    ).annotate(undo_of=F("meta__undo_of"), redo_of=F("meta__redo_of"))
    found: Any = rows.values("session", "n", "seq", "kind", "undo_of", "redo_of")
    return {name: row for row in found if (name := (row["session"], row["n"])) in wanted}
