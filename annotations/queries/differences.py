"""Comparing two layers of one image: drafts of two versions, two people, draft and annotation."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.labels import chunks, differences
from annotations.labels.chunks import Box
from annotations.labels.differences import KINDS, Differences, Kind, Overlaps
from annotations.labels.ops import SIDE, Chunk, Place
from annotations.models import LabelLayer, LayerKind, Purpose, RegionState
from annotations.queries.chunks import pixels_of, present_digests
from annotations.queries.labels import find_layer, layer_info
from annotations.queries.regions import touching
from project.errors import Conflict, InvalidInput, NotReady

MOST_CHUNKS = 32_768  # that hold labels: 8,600 million pixels, a minute or two of counting
KEPT_CHUNKS = 2048  # counts of single ones
TIME_S = 5.0  # per request, of counting; what was counted is kept for the next one
REMEMBERED = 8  # comparisons; 50,000 instances each are some megabytes
JOINED_AT_ONCE = 64  # chunks whose counts are held before they are put together


class NotComparable(InvalidInput):
    """Two layers that have nothing to do with each other."""

    code = "not_comparable"


class ComparisonTooLarge(Conflict):
    """More labelled ground than is compared at once."""

    code = "comparison_too_large"


class ComparisonUnfinished(NotReady):
    """The time was up before all chunks were compared; asked again, it goes on from there."""

    code = "comparison_unfinished"
    retryable = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the instances of layer A in layer B, in one plane or a box of it."""

    a: LabelLayer
    b: LabelLayer
    found: Differences
    shown: NDArray[np.bool_]  # shape (n groups,): not in an open blind region
    hides_blind: bool  # some ground was left out, whether or not something lies there

    def counts(self) -> dict[Kind, int]:
        """Return how many groups of each kind may be seen."""
        return self.found.counts(self.shown)

    def page(self, kind: Kind | None, offset: int, limit: int) -> tuple[int, list[dict[str, Any]]]:
        """Return how many groups there are, of one kind or all, and some of them."""
        wanted = self.shown
        if kind is not None:
            wanted = wanted & (self.found.kind == KINDS.index(kind))
        places = np.flatnonzero(wanted)
        return places.size, [self._group(i) for i in places[offset : offset + limit].tolist()]

    def _group(self, place: int) -> dict[str, Any]:
        a_ids, b_ids = self.found.members(place)
        row0, col0, row1, col1 = self.found.boxes[place].tolist()
        return {
            "kind": KINDS[self.found.kind[place]].value,
            "a_ids": a_ids,
            "b_ids": b_ids,
            "row0": row0,
            "col0": col0,
            "row1": row1,
            "col1": col1,
            "iou": round(float(self.found.iou[place]), 4),
            "changed_px": int(self.found.changed_px[place]),
        }

    def sides(self) -> dict[str, Any]:
        """Return what an editor must know of both layers."""
        return {"a": layer_info(self.a), "b": layer_info(self.b)}


def compare_layers(
    *,
    user: Any,
    layer_id: uuid.UUID,
    other_id: uuid.UUID,
    t: int = 0,
    z: int = 0,
    box: Box | None = None,
) -> Comparison:
    """Compare a plane of two layers of one image, or a box of it, as it is now.

    In a stack what counts are sections: objects are compared by what this plane shows of them.
    Of a box only the pixels inside count. Where one layer is a draft, what lies in an open blind
    validation region is left out: neither a draft nor its absence may be seen there.

    Raises NotFound, NotAllowed, NotComparable, ComparisonTooLarge and ComparisonUnfinished.
    """
    a, b = find_layer(user, layer_id), find_layer(user, other_id)
    if a.image_id != b.image_id or a.pk == b.pk:
        raise NotComparable("Two different layers of the same image can be compared.")
    whole = (0, 0, a.image.height or 0, a.image.width or 0)
    inside = whole if box is None else _cut(box, whole)
    plane = _Plane.of(a, b, t, z, inside)
    if len(plane.places) > MOST_CHUNKS:
        raise ComparisonTooLarge(
            f"There is too much to compare at once: labels in {len(plane.places):,} chunks of "
            f"{SIDE} x {SIDE} pixels, and at most {MOST_CHUNKS:,} are compared. Compare a part "
            "of the image.",
            n_chunks=len(plane.places),
        )
    found = _compared(plane)
    blind = _blind_boxes(a, b, inside, t, z)
    return Comparison(a, b, found, ~differences.meets_any(found.boxes, blind), bool(blind))


def _cut(box: Box, whole: Box) -> Box:
    row0, col0, row1, col1 = box
    return (row0, col0, min(row1, whole[2]), min(col1, whole[3]))


def _blind_boxes(a: LabelLayer, b: LabelLayer, box: Box, t: int, z: int) -> list[Box]:
    """Return where a comparison would tell of a draft that nobody may see yet."""
    if LayerKind.PREDICTION not in (a.kind, b.kind):
        return []
    regions = touching(a.image, box, t=t, z=z, purpose=Purpose.BLIND_VALIDATION)
    still_open = regions.filter(state=RegionState.OPEN)
    return [(one.row0, one.col0, one.row1, one.col1) for one in still_open]


@dataclass(frozen=True, slots=True)
class _Plane:
    """What is compared, named by its content: equal names are equal pixels."""

    name: str
    a: dict[Place, str] = field(compare=False)
    b: dict[Place, str] = field(compare=False)
    box: Box = field(compare=False)

    @classmethod
    def of(cls, a: LabelLayer, b: LabelLayer, t: int, z: int, box: Box) -> _Plane:
        places = chunks.places(box)
        in_a, in_b = (present_digests(one, t=t, z=z, places=places) for one in (a, b))
        name = sha256(repr((sorted(in_a.items()), sorted(in_b.items()), box)).encode())
        return cls(name.hexdigest(), in_a, in_b, box)

    @property
    def places(self) -> list[Place]:
        return sorted(self.a.keys() | self.b.keys())


@lru_cache(maxsize=REMEMBERED)
def _compared(plane: _Plane) -> Differences:
    n_done, held = _unfinished.take(plane.name)
    places = plane.places
    deadline = time.monotonic() + TIME_S
    while n_done < len(places):
        batch = places[n_done : n_done + JOINED_AT_ONCE]
        held = differences.joined([held, *(_counted(plane, place) for place in batch)])
        n_done += len(batch)
        if n_done < len(places) and time.monotonic() > deadline:
            _unfinished.keep(plane.name, n_done, held)
            raise ComparisonUnfinished(
                f"{n_done:,} of {len(places):,} pieces are compared. Ask again: it goes on from "
                "there.",
                n_done=n_done,
                n_chunks=len(places),
            )
    return differences.compare(held)


class _Unfinished:
    """What was counted before the time was up, of the comparisons asked for last."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[int, Overlaps]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str) -> tuple[int, Overlaps]:
        """Return how many chunks are counted, and what; who asks meanwhile begins anew."""
        with self._lock:
            return self._held.pop(name, (0, differences.joined([])))

    def keep(self, name: str, n_done: int, held: Overlaps) -> None:
        with self._lock:
            self._held[name] = (n_done, held)
            while len(self._held) > REMEMBERED:
                self._held.popitem(last=False)


_unfinished = _Unfinished()


def _counted(plane: _Plane, place: Place) -> Overlaps:
    """Return the overlaps of a chunk in the coordinates of the plane."""
    row0, col0, row1, col1 = plane.box
    top, left = place[0] * SIDE, place[1] * SIDE
    part = (
        *(max(row0 - top, 0), max(col0 - left, 0)),
        *(min(row1 - top, SIDE), min(col1 - left, SIDE)),
    )
    found = _overlaps_of(plane.a.get(place), plane.b.get(place), part)
    return found.shifted(top + part[0], left + part[1])


# Of a chunk stay some kilobytes. After a stroke only the chunks that it touched are counted anew.
@lru_cache(maxsize=KEPT_CHUNKS)
def _overlaps_of(a: str | None, b: str | None, part: Box) -> Overlaps:
    rows, columns = slice(part[0], part[2]), slice(part[1], part[3])
    return differences.overlaps(_pixels(a)[rows, columns], _pixels(b)[rows, columns])


def _pixels(digest: str | None) -> Chunk:
    return chunks.empty() if digest is None else pixels_of(digest)
