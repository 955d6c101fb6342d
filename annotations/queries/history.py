"""What a layer was: read from kept chunk states while they are young, else made from the op log.

Of a chunk stay its newest state and every state that it had within the last week; older ones are
thinned out, and their blobs with them. Snapshots keep what they name, and the op log is kept for
ever, so that any other state can be made again.

States are written once per save, and a save may have several ops: a moment between two of them
was never stored, however young it is, and is made like an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Length

from annotations.labels import chunks, ops
from annotations.labels.chunks import Box
from annotations.labels.ops import SIDE, Chunk, Place
from annotations.models import ChunkState, LabelChunk, LabelLayer, LabelOp, LayerSnapshot
from annotations.queries.chunks import pixels_of, snapshot_digests
from project.errors import Conflict

READABLE = timedelta(days=7)  # an editor that slept through a weekend still finds its chunks
THINNED = READABLE + timedelta(hours=1)  # later than promised, so that no reader stands in between
ROWS_AT_ONCE = 20_000
# What we stored may be larger than what may be sent: imports and accepted drafts.
STORED_RAW_BYTES, STORED_CHUNKS = 1 << 30, 1 << 20
CHECKED_OPS = 1000  # looked at by box, to say that a stored state is the one of a moment
REDONE_OPS, REDONE_BYTES = 5000, 64 << 20  # of one chunk and request: about two seconds


class StateTooFar(Conflict):
    """Too much lies between a moment and what is stored of a chunk."""

    code = "state_too_far"


@dataclass(frozen=True, slots=True)
class States:
    """A plane as it was: chunks that are stored, and places whose chunk has to be made."""

    digests: dict[Place, str]
    remade: list[Place]


def states_at(layer: LabelLayer, seq: int, *, t: int = 0, z: int = 0) -> States:
    """Return what is stored of a plane as it was after the op `seq`; the rest was background."""
    present = LabelChunk.objects.filter(layer=layer, t=t, z=z)
    rows = list(present.values_list("cy", "cx", "seq", "digest"))
    digests = {(cy, cx): digest for cy, cx, last, digest in rows if last <= seq}
    changed = {(cy, cx) for cy, cx, last, _ in rows if last > seq}
    if not changed:
        return States(digests, [])
    before = _newest_states(layer, seq, t, z)
    boxes = _boxes_between(layer, max(0, seq - CHECKED_OPS), seq, t, z)
    remade = []
    for place in sorted(changed):
        since, digest = before.get(place, (0, None))
        if since < seq - CHECKED_OPS or _is_touched(place, since, boxes):
            remade.append(place)
        elif digest is not None:
            digests[place] = digest
    return States(digests, remade)


def _newest_states(layer: LabelLayer, seq: int, t: int, z: int) -> dict[Place, tuple[int, str]]:
    rows = (
        ChunkState.objects.filter(layer=layer, t=t, z=z, seq__lte=seq)
        .order_by("cy", "cx", "-seq")
        .distinct("cy", "cx")
    )
    found = rows.values_list("cy", "cx", "seq", "digest")
    return {(cy, cx): (since, digest) for cy, cx, since, digest in found}


def _boxes_between(
    layer: LabelLayer, after: int, upto: int, t: int, z: int
) -> list[tuple[int, Box]]:
    rows = LabelOp.objects.filter(layer=layer, t=t, z=z, seq__gt=after, seq__lte=upto)
    return [
        (seq, (row0, col0, row1, col1))
        for seq, row0, col0, row1, col1 in rows.values_list("seq", "row0", "col0", "row1", "col1")
    ]


def _is_touched(place: Place, since: int, boxes: list[tuple[int, Box]]) -> bool:
    """Tell whether the box of an op after `since` meets a chunk."""
    row0, col0 = place[0] * SIDE, place[1] * SIDE
    return any(
        seq > since
        and (box[0] < row0 + SIDE and box[2] > row0)
        and (box[1] < col0 + SIDE and box[3] > col0)
        for seq, box in boxes
    )


def chunk_at(layer: LabelLayer, seq: int, place: Place, *, t: int = 0, z: int = 0) -> Chunk:
    """Return a chunk as it was after the op `seq`, read-only, uint32 of shape (512, 512).

    From the nearest stored state, earlier or later, with the ops of the chunk in between done
    or taken back.

    Raises StateTooFar when these are more than one request may do.
    """
    now = LabelChunk.objects.filter(layer=layer, t=t, z=z, cy=place[0], cx=place[1]).first()
    if now is None:
        return chunks.empty()
    if now.seq <= seq:
        return pixels_of(now.digest)
    began, digest = _base_before(layer, seq, place, t, z)
    forth = _ops_of(layer, place, t, z).filter(seq__gt=began, seq__lte=seq)
    n_forth, size_forth = _cost(forth)
    if n_forth == 0:
        return chunks.empty() if digest is None else pixels_of(digest)
    states = ChunkState.objects.filter(layer=layer, t=t, z=z, cy=place[0], cx=place[1], seq__gt=seq)
    later = states.order_by("seq").first()
    if later is not None:
        back = _ops_of(layer, place, t, z).filter(seq__gt=seq, seq__lte=later.seq)
        n_back, size_back = _cost(back)
        if n_back <= n_forth:
            _check_cost(n_back, size_back)
            return _redone(layer, back.order_by("-seq"), place, later.digest, is_back=True)
    _check_cost(n_forth, size_forth)
    return _redone(layer, forth.order_by("seq"), place, digest, is_back=False)


def _base_before(
    layer: LabelLayer, seq: int, place: Place, t: int, z: int
) -> tuple[int, str | None]:
    """Return the newest stored state of a chunk up to a seq; None is background."""
    cy, cx = place
    states = ChunkState.objects.filter(layer=layer, t=t, z=z, cy=cy, cx=cx, seq__lte=seq)
    state = states.order_by("-seq").first()
    snapshot = LayerSnapshot.objects.filter(layer=layer, seq__lte=seq).order_by("-seq").first()
    if snapshot is not None and (state is None or snapshot.seq > state.seq):
        return snapshot.seq, snapshot_digests(snapshot).get(f"{t}/{z}/{cy}/{cx}")
    return (0, None) if state is None else (state.seq, state.digest)


def _ops_of(layer: LabelLayer, place: Place, t: int, z: int) -> QuerySet[LabelOp]:
    """Return the ops whose box meets a chunk."""
    row0, col0 = place[0] * SIDE, place[1] * SIDE
    return LabelOp.objects.filter(
        *(Q(layer=layer, t=t, z=z), Q(row0__lt=row0 + SIDE, row1__gt=row0)),
        Q(col0__lt=col0 + SIDE, col1__gt=col0),
    )


def _cost(found: QuerySet[LabelOp]) -> tuple[int, int]:
    cost = found.aggregate(n=Count("pk"), size=Sum(Length(F("body"))))
    return cost["n"], cost["size"] or 0


def _check_cost(n_ops: int, size: int) -> None:
    if n_ops > REDONE_OPS or size > REDONE_BYTES:
        raise StateTooFar(
            f"{n_ops} operations lie between this moment and what is stored of this part of the "
            f"image; at most {REDONE_OPS} are done again. Ask for another moment.",
            n_ops=n_ops,
        )


def _redone(
    layer: LabelLayer, found: QuerySet[LabelOp], place: Place, digest: str | None, *, is_back: bool
) -> Chunk:
    """Do ops, or take them back, in one chunk."""
    held = {place: chunks.empty() if digest is None else pixels_of(digest).copy()}
    height, width = layer.image.height or 0, layer.image.width or 0
    for body in found.values_list("body", flat=True).iterator(chunk_size=200):
        raw = ops.unpack(bytes(body), max_raw_bytes=STORED_RAW_BYTES)
        runs = ops.decode(raw, max_chunks=STORED_CHUNKS).get(place)
        if runs is None:
            continue
        op = {place: runs}
        ops.apply(ops.invert(op) if is_back else op, held, height=height, width=width)
    return held[place]


# --- thinning out -------------------------------------------------------------------------------


def kept_states(now: datetime) -> Q:
    """Return the condition for chunk states that are kept: not replaced before the last week."""
    return ~Q(
        Exists(
            ChunkState.objects.filter(
                layer=OuterRef("layer"),
                t=OuterRef("t"),
                z=OuterRef("z"),
                cy=OuterRef("cy"),
                cx=OuterRef("cx"),
                seq__gt=OuterRef("seq"),
                created_at__lt=now - THINNED,
            )
        )
    )


def thin_out(now: datetime) -> int:
    """Delete the chunk states that are not kept, a slice of the table at a time; count them."""
    newest = ChunkState.objects.order_by("-id").values_list("id", flat=True).first() or 0
    n_thinned = 0
    for first in range(0, newest + 1, ROWS_AT_ONCE):
        # Short statements: each locks its rows only for a moment.
        rows = ChunkState.objects.filter(
            id__range=(first, first + ROWS_AT_ONCE - 1), created_at__lt=now - THINNED
        ).exclude(kept_states(now))
        n_thinned += rows.delete()[0]
    return n_thinned
