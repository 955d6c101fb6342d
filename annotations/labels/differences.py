"""What became of every instance between two label images: kept, changed, found, lost, cut, joined.

Two steps. `overlaps` counts which instances of the two images share how many pixels; it may be
given a chunk at a time, and what the chunks gave is put together by `joined`. `compare` reads
from these numbers alone what each instance is, so that no more than one chunk need be in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotations.labels.chunks import Box
from annotations.labels.label_image import Ints, LabelImage

CHANGED = (1, 10)  # two instances are the same up to this share of changed pixels: IoU >= 0.9
MATCHED_IOU = (1, 2)  # above this two instances belong together, and to no others
INSIDE = (1, 2)  # a part has more than this share of its pixels inside of the whole
COVERED = (1, 2)  # the parts together cover more than this share of the whole
PART = (1, 10)  # one part covers more than this share of the whole; less is a crumb


class Kind(StrEnum):
    """What happened to the instances of a group, from A to B."""

    SPLIT = "split"
    MERGED = "merged"
    VANISHED = "vanished"
    APPEARED = "appeared"
    MOVED = "moved"
    SAME = "same"


KINDS = tuple(Kind)
_PLACE = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Which instances of two label images lie over each other.

    Attributes
    ----------
    a, b : ndarray of int64, shape (n,)
        Instance ids of the pair in A and in B; one of them may be 0, where the other lies over
        background. Sorted by a, then b; no pair occurs twice.
    shared_px : ndarray of int64, shape (n,)
        Pixels that have both labels, all above 0.
    boxes : ndarray of int64, shape (n, 4)
        (row0, col0, row1, col1) of these pixels, half-open, exact.
    """

    a: Ints
    b: Ints
    shared_px: Ints
    boxes: Ints

    def shifted(self, rows: int, columns: int) -> Overlaps:
        """Return the same overlaps at another place of the plane."""
        return replace(self, boxes=self.boxes + np.array([rows, columns, rows, columns]))


@dataclass(frozen=True, slots=True)
class Differences:
    """Groups of instances of A and B that have to do with each other; each instance is in one.

    Groups are ordered by kind as in `KINDS`, then by pixels that changed, most first.

    Attributes
    ----------
    kind : ndarray of int64, shape (n,)
        Place in `KINDS`.
    boxes : ndarray of int64, shape (n, 4)
        (row0, col0, row1, col1) around all members, half-open.
    iou : ndarray of float64, shape (n,)
        Of all members in A together with all members in B together; 0 where one side is empty.
    changed_px : ndarray of int64, shape (n,)
        Pixels that only one of the sides has.
    a_ids, b_ids : ndarray of int64
        The members, group after group, ascending within a group.
    a_start, b_start : ndarray of int64, shape (n + 1,)
        Members of group i are `a_ids[a_start[i]:a_start[i + 1]]`, and so for b.
    """

    kind: Ints
    boxes: Ints
    iou: NDArray[np.float64]
    changed_px: Ints
    a_ids: Ints
    a_start: Ints
    b_ids: Ints
    b_start: Ints

    def __len__(self) -> int:
        return self.kind.size

    def members(self, group: int) -> tuple[list[int], list[int]]:
        """Return the ids of a group in A and in B."""
        return (
            self.a_ids[self.a_start[group] : self.a_start[group + 1]].tolist(),
            self.b_ids[self.b_start[group] : self.b_start[group + 1]].tolist(),
        )

    def counts(self, wanted: NDArray[np.bool_] | None = None) -> dict[Kind, int]:
        """Return how many groups of each kind there are, among all or those that are wanted."""
        kinds = self.kind if wanted is None else self.kind[wanted]
        n = np.bincount(kinds, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, n, strict=True))


def overlaps(a: LabelImage, b: LabelImage) -> Overlaps:
    """Count the pixels that every pair of instances shares.

    Parameters
    ----------
    a, b : ndarray of uint32, shape (H, W)
        Two label images of the same plane, or of the same piece of it.

    Returns
    -------
    Overlaps
        Rows and columns count from the upper left corner of the piece.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"label images differ in shape: {a.shape} and {b.shape}")
    if a.size == 0:
        return joined([])
    width = a.shape[1]
    flat_a, flat_b = np.ascontiguousarray(a).reshape(-1), np.ascontiguousarray(b).reshape(-1)
    breaks = np.empty(flat_a.size, np.bool_)
    breaks[1:] = (flat_a[1:] != flat_a[:-1]) | (flat_b[1:] != flat_b[:-1])
    breaks[::width] = True  # a row's first pixel starts a run
    start = np.flatnonzero(breaks)
    length = np.diff(np.concatenate((start, [flat_a.size])))
    kept = (flat_a[start] > 0) | (flat_b[start] > 0)
    start, length = start[kept], length[kept]
    row, column = start // width, start % width
    boxes = np.column_stack([row, column, row + 1, column + length])
    return _summed(flat_a[start].astype(np.int64), flat_b[start].astype(np.int64), length, boxes)


def joined(parts: Iterable[Overlaps]) -> Overlaps:
    """Put together the overlaps of pieces of a plane that have no pixel in common.

    Parameters
    ----------
    parts : iterable of Overlaps
        All with boxes in the same coordinates.

    Returns
    -------
    Overlaps
        As `overlaps` gives it for the pieces as a whole, whatever their order and number.
    """
    held = list(parts)
    if not held:
        none = np.zeros(0, np.int64)
        return Overlaps(none, none, none, np.zeros((0, 4), np.int64))
    return _summed(
        np.concatenate([one.a for one in held]),
        np.concatenate([one.b for one in held]),
        np.concatenate([one.shared_px for one in held]),
        np.concatenate([one.boxes for one in held]),
    )


def _summed(a: Ints, b: Ints, shared_px: Ints, boxes: Ints) -> Overlaps:
    """Make one row of all rows of a pair."""
    order = np.lexsort((b, a))
    a, b, shared_px, boxes = a[order], b[order], shared_px[order], boxes[order]
    is_first = np.ones(a.size, np.bool_)
    is_first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    first = np.flatnonzero(is_first)
    if first.size == 0:
        return Overlaps(a, b, shared_px, boxes)
    low = np.minimum.reduceat(boxes[:, :2], first)
    high = np.maximum.reduceat(boxes[:, 2:], first)
    return Overlaps(a[first], b[first], np.add.reduceat(shared_px, first), np.hstack([low, high]))


@dataclass(frozen=True, slots=True)
class _Side:
    """The instances of one image: ids ascending, areas and boxes; `group` is filled in later."""

    ids: Ints
    area_px: Ints
    boxes: Ints
    group: Ints

    @classmethod
    def of(cls, ids: Ints, found: Overlaps) -> _Side:
        # Each instance as a pair with nothing: its pixels and boxes are put together.
        real = ids > 0
        nothing = np.zeros(int(real.sum()), np.int64)
        whole = _summed(ids[real], nothing, found.shared_px[real], found.boxes[real])
        return cls(whole.a, whole.shared_px, whole.boxes, np.full(whole.a.size, -1))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of an instance of each side: places in the sides, and shared pixels."""

    a: Ints
    b: Ints
    shared_px: Ints

    def where(self, wanted: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.a[wanted], self.b[wanted], self.shared_px[wanted])


def compare(found: Overlaps) -> Differences:
    """Tell of each instance of two label images what became of it.

    Parameters
    ----------
    found : Overlaps
        Of the whole plane; of a piece of it, instances that its border cuts are compared by the
        pixels inside.

    Returns
    -------
    Differences
        Every instance of A and of B is in exactly one group.

    Notes
    -----
    *b is a part of a* when more than half of b's pixels lie in a and they are more than a tenth
    of a's pixels; less is a crumb, not a part. Then, for A as what was and B as what is now:

    split
        An instance of A with two or more parts in B that together cover more than half of it.
    merged
        The same with A and B exchanged. An instance that is split and at the same time lies in
        a merged one (both have a part of their own besides each other) is neither, so that no
        instance has two roles.
    same
        Two others with IoU >= 0.9.
    moved
        Two others with 0.5 < IoU < 0.9: moved, grown or reshaped. Above 0.5 no instance has a
        second partner [2]_.
    vanished, appeared
        Instances of A, and of B, that are in no group yet.

    The rule is the same in both directions: exchanging A and B exchanges split with merged and
    appeared with vanished, and nothing else. Shares are compared as whole numbers, without
    rounding. The terms are those of over-segmentation, under-segmentation, missed and noise
    regions in the comparison of range segmentations [1]_, whose tolerance is a half here and
    whose ties are decided as above.

    References
    ----------
    .. [1] Hoover et al., IEEE TPAMI 18 (1996) 673, doi:10.1109/34.506791
    .. [2] Kirillov et al., CVPR 2019, doi:10.1109/CVPR.2019.00963

    Examples
    --------
    >>> a = np.array([[1, 1, 1, 1, 0, 0, 3]], np.uint32)
    >>> b = np.array([[7, 7, 8, 8, 0, 9, 0]], np.uint32)
    >>> groups = compare(overlaps(a, b))
    >>> [(KINDS[kind].value, *groups.members(i)) for i, kind in enumerate(groups.kind)]
    [('split', [1], [7, 8]), ('vanished', [3], []), ('appeared', [], [9])]
    """
    grouping = _Grouping(found)
    grouping.take_wholes()
    grouping.take_matches()
    grouping.take_rest()
    return grouping.groups()


class _Grouping:
    """The instances of both sides on their way into groups, kind after kind."""

    def __init__(self, found: Overlaps) -> None:
        self.a, self.b = _Side.of(found.a, found), _Side.of(found.b, found)
        both = (found.a > 0) & (found.b > 0)
        self.pairs = _Pairs(
            np.searchsorted(self.a.ids, found.a[both]),
            np.searchsorted(self.b.ids, found.b[both]),
            found.shared_px[both],
        )
        self.kinds: list[Ints] = []
        self.n = 0  # groups so far
        self.shared = np.zeros(self.a.ids.size + self.b.ids.size, np.int64)  # as many as may be

    def take_wholes(self) -> None:
        """Group what is split or merged with its parts."""
        a, b, pairs = self.a, self.b, self.pairs
        in_a = _parts(pairs.shared_px, a.area_px[pairs.a], b.area_px[pairs.b])
        in_b = _parts(pairs.shared_px, b.area_px[pairs.b], a.area_px[pairs.a])
        is_split = _wholes(pairs.a[in_a], pairs.shared_px[in_a], a.area_px)
        is_merged = _wholes(pairs.b[in_b], pairs.shared_px[in_b], b.area_px)
        knot = in_a & is_split[pairs.a] & is_merged[pairs.b]
        is_split[pairs.a[knot]] = False
        is_merged[pairs.b[knot]] = False
        split = pairs.where(in_a & is_split[pairs.a])
        merged = pairs.where(in_b & is_merged[pairs.b])
        self._add(Kind.SPLIT, split, split.a)
        self._add(Kind.MERGED, merged, merged.b)

    def take_matches(self) -> None:
        """Group, one to one, what is the same or moved."""
        a, b, pairs = self.a, self.b, self.pairs
        union = a.area_px[pairs.a] + b.area_px[pairs.b] - pairs.shared_px
        is_free = (a.group[pairs.a] < 0) & (b.group[pairs.b] < 0)
        matched = is_free & _is_more(pairs.shared_px, union, MATCHED_IOU)
        is_same = matched & ~_is_more(union - pairs.shared_px, union, CHANGED)
        for kind, wanted in ((Kind.MOVED, matched & ~is_same), (Kind.SAME, is_same)):
            some = pairs.where(wanted)
            self._add(kind, some, some.a)

    def take_rest(self) -> None:
        """Give each instance that is left a group of its own."""
        for kind, side in ((Kind.VANISHED, self.a), (Kind.APPEARED, self.b)):
            left = np.flatnonzero(side.group < 0)
            side.group[left] = self.n + np.arange(left.size)
            self._count(kind, left.size)

    def _add(self, kind: Kind, some: _Pairs, whole: Ints) -> None:
        """Make a group of all pairs that have the same whole."""
        members, place = np.unique(whole, return_inverse=True)
        self.a.group[some.a] = self.b.group[some.b] = self.n + place
        np.add.at(self.shared, self.n + place, some.shared_px)
        self._count(kind, members.size)

    def _count(self, kind: Kind, n: int) -> None:
        self.kinds.append(np.full(n, _PLACE[kind], np.int64))
        self.n += n

    def groups(self) -> Differences:
        """Measure the groups and bring them into their order."""
        kind, shared = np.concatenate(self.kinds), self.shared[: self.n]
        area = np.zeros(self.n, np.int64)
        boxes = np.zeros((self.n, 4), np.int64)
        boxes[:, :2] = np.iinfo(np.int64).max
        first_id = np.full((2, self.n), np.iinfo(np.int64).max)
        for place, side in enumerate((self.a, self.b)):
            np.add.at(area, side.group, side.area_px)
            np.minimum.at(boxes[:, :2], side.group, side.boxes[:, :2])
            np.maximum.at(boxes[:, 2:], side.group, side.boxes[:, 2:])
            np.minimum.at(first_id[place], side.group, side.ids)
        union = area - shared
        changed = union - shared
        order = np.lexsort((first_id[1], first_id[0], boxes[:, 1], boxes[:, 0], -changed, kind))
        new_place = np.empty_like(order)
        new_place[order] = np.arange(order.size)
        a_ids, a_start = _members(self.a.ids, new_place[self.a.group], self.n)
        b_ids, b_start = _members(self.b.ids, new_place[self.b.group], self.n)
        iou = shared / np.maximum(union, 1)
        return Differences(
            *(kind[order], boxes[order], iou[order], changed[order]),
            *(a_ids, a_start, b_ids, b_start),
        )


def _is_more(part: Ints, whole: Ints, share: tuple[int, int]) -> NDArray[np.bool_]:
    more: NDArray[np.bool_] = part * share[1] > whole * share[0]
    return more


def _parts(shared: Ints, whole: Ints, part: Ints) -> NDArray[np.bool_]:
    """Tell for each pair whether the one instance is a part of the other."""
    return _is_more(shared, part, INSIDE) & _is_more(shared, whole, PART)


def _wholes(whole: Ints, shared: Ints, area_px: Ints) -> NDArray[np.bool_]:
    """Tell for each instance whether it has parts enough, given its place for each of them."""
    n_parts = np.bincount(whole, minlength=area_px.size)
    covered = np.zeros(area_px.size, np.int64)
    np.add.at(covered, whole, shared)
    return (n_parts > 1) & _is_more(covered, area_px, COVERED)


def _members(ids: Ints, group: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """Lay the ids down group after group; return them and where each group begins."""
    n_members = np.bincount(group, minlength=n_groups)
    start = np.concatenate(([0], np.cumsum(n_members))).astype(np.int64)
    return ids[np.lexsort((ids, group))], start


def meets_any(boxes: Ints, others: Iterable[Box]) -> NDArray[np.bool_]:
    """Tell of each box whether it shares a pixel with one of some others.

    Parameters
    ----------
    boxes : ndarray of int64, shape (n, 4)
    others : iterable of (row0, col0, row1, col1), half-open

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    hit = np.zeros(len(boxes), np.bool_)
    for row0, col0, row1, col1 in others:
        rows = (boxes[:, 0] < row1) & (boxes[:, 2] > row0)
        hit |= rows & (boxes[:, 1] < col1) & (boxes[:, 3] > col0)
    return hit
