"""What a layer was: read from kept chunk states while they are young, else from the op log.

Of a chunk stay its newest state and every state that it had within the last week; older ones are
thinned out, and their blobs with them. Snapshots keep what they name, and the op log is kept for
ever, so that any other state can be made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotations.labels import chunks, ops
from annotations.labels.chunks import Box, LabelImage
from annotations.labels.ops import Chunk, Place
from annotations.models import ChunkState, LabelLayer, LabelOp, LayerSnapshot
from annotations.queries.chunks import pixels_of, snapshot_digests
from project.errors import NotFound

READABLE = timedelta(days=7)  # an editor that slept through a weekend still finds its chunks
THINNED = READABLE + timedelta(hours=1)  # later than promised, so that no reader stands in between
ROWS_AT_ONCE = 20_000
# What we stored may be larger than what may be sent: imports and accepted drafts.
STORED_RAW_BYTES, STORED_CHUNKS = 1 << 30, 1 << 20


class StateThinnedOut(NotFound):
    """The layer's state of that time is no longer stored as chunks."""

    code = "state_thinned_out"


def digests_at(layer: LabelLayer, seq: int, *, t: int = 0, z: int = 0) -> dict[Place, str]:
    """Return the digests of a plane's chunks as they were after the op `seq`.

    Raises StateThinnedOut when that was replaced more than a week ago.
    """
    if not is_readable(layer, seq):
        raise StateThinnedOut(
            f"What this layer was {READABLE.days} days ago is not kept chunk by chunk; ask for "
            "its present state, or for its operations."
        )
    rows = (
        ChunkState.objects.filter(layer=layer, t=t, z=z, seq__lte=seq)
        .order_by("cy", "cx", "-seq")
        .distinct("cy", "cx")
    )
    return {(cy, cx): digest for cy, cx, digest in rows.values_list("cy", "cx", "digest")}


def is_readable(layer: LabelLayer, seq: int) -> bool:
    """Tell whether the state after an op, if not present, was replaced within the last week."""
    following = LabelOp.objects.filter(layer=layer, seq=seq + 1).only("created_at").first()
    return following is None or following.created_at > timezone.now() - READABLE


def label_image_at(layer: LabelLayer, seq: int, box: Box, *, t: int = 0, z: int = 0) -> LabelImage:
    """Return what a box of the layer showed after the op `seq`, uint32, shape of the box.

    However long ago that was: from chunk states, or from a snapshot and the ops after it.
    """
    if is_readable(layer, seq):
        digests = digests_at(layer, seq, t=t, z=z)
        wanted = {place: digests[place] for place in chunks.places(box) if place in digests}
        return chunks.join({place: pixels_of(digest) for place, digest in wanted.items()}, box)
    return chunks.join(_replayed(layer, seq, box, t, z), box)


def _replayed(layer: LabelLayer, seq: int, box: Box, t: int, z: int) -> dict[Place, Chunk]:
    """Make a box's chunks again: the newest snapshot up to the seq, and the ops after it."""
    held = {place: chunks.empty() for place in chunks.places(box)}
    began = 0
    snapshot = LayerSnapshot.objects.filter(layer=layer, seq__lte=seq).order_by("-seq").first()
    if snapshot is not None:
        began = snapshot.seq
        digests = snapshot_digests(snapshot)
        for cy, cx in held:
            digest = digests.get(f"{t}/{z}/{cy}/{cx}")
            if digest is not None:
                held[cy, cx] = pixels_of(digest).copy()
    for op in _ops_in(layer, began, seq, box, t, z):
        here = {place: runs for place, runs in op.items() if place in held}
        ops.apply(here, held, height=layer.image.height or 0, width=layer.image.width or 0)
    return held


def _ops_in(layer: LabelLayer, after: int, upto: int, box: Box, t: int, z: int) -> Iterator[ops.Op]:
    """Yield the ops between two seqs that touch a chunk of the box, in their order."""
    row0, col0 = box[0] // ops.SIDE * ops.SIDE, box[1] // ops.SIDE * ops.SIDE
    row1, col1 = -(-box[2] // ops.SIDE) * ops.SIDE, -(-box[3] // ops.SIDE) * ops.SIDE
    rows = LabelOp.objects.filter(
        *(Q(layer=layer, t=t, z=z), Q(seq__gt=after, seq__lte=upto)),
        *(Q(row0__lt=row1, row1__gt=row0), Q(col0__lt=col1, col1__gt=col0)),
    )
    for body in rows.order_by("seq").values_list("body", flat=True).iterator(chunk_size=200):
        raw = ops.unpack(bytes(body), max_raw_bytes=STORED_RAW_BYTES)
        yield ops.decode(raw, max_chunks=STORED_CHUNKS)


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
